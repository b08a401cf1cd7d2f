import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A Docker API on a unix socket that can be told to hang, path by path. */
export class HangingDaemon {
  readonly socketPath: string;
  /** Paths that begin so are not answered. */
  readonly hanging = new Set<string>();
  /** Answers by path without the query; others are empty objects. */
  readonly answers = new Map<string, object>();
  /** Paths that are answered in a way of their own. */
  readonly handlers = new Map<string, (response: ServerResponse) => void>();
  /** Paths asked, in their order. */
  readonly asked: string[] = [];
  maxConnections = 0;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async start(): Promise<void> {
    rmSync(this.socketPath, { force: true });
    const server = createServer((request, response) => {
      const path = decodeURIComponent(request.url ?? '/');
      this.asked.push(path);
      if ([...this.hanging].some((prefix) => path.startsWith(prefix))) return;
      this.#answer(path, response);
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      this.maxConnections = Math.max(this.maxConnections, this.#sockets.size);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.socketPath);
    await once(server, 'listening');
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }

  #answer(path: string, response: ServerResponse): void {
    const [plain = ''] = path.split('?');
    const handle = this.handlers.get(plain);
    if (handle) handle(response);
    else response.end(plain === '/_ping' ? 'OK' : JSON.stringify(this.answers.get(plain) ?? {}));
  }
}
