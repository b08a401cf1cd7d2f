import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { LogMessage } from '../../src/api-logs/message.ts';
import { frameOf, payloadOf } from './daemon-form.ts';

interface FakeContainer {
  isTty: boolean;
  isRunning: boolean;
  messages: LogMessage[];
  /** Of its last stop and start; empty for neither. */
  finishedAt: string;
  startedAt: string;
  /** Instead of a log. */
  refusal: { status: number; message: string } | null;
}

interface Following {
  id: string;
  since: string;
  response: ServerResponse;
}

/** The log endpoint of the Docker API on a unix socket. */
export class FakeLogDaemon {
  readonly socketPath: string;
  /** `since` of every question, by container; empty for none. */
  readonly questions: { id: string; since: string; follows: boolean }[] = [];
  /** Most connections that followed at once. */
  maxFollowing = 0;

  readonly #containers = new Map<string, FakeContainer>();
  readonly #following = new Set<Following>();
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  async start(): Promise<void> {
    rmSync(this.socketPath, { force: true });
    const server = createServer((request, response) => {
      this.#answer(request, response);
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.socketPath);
    await once(server, 'listening');
    this.#server = server;
  }

  /** As when the daemon ends: connections break wherever they are, and the socket is gone. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    this.breakConnections();
    server.close();
    await once(server, 'close');
  }

  breakConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#following.clear();
  }

  get following(): number {
    return this.#following.size;
  }

  container(id: string, change: Partial<FakeContainer> = {}): FakeContainer {
    const known = this.#containers.get(id);
    const container = known ?? {
      isTty: false,
      isRunning: true,
      messages: [],
      finishedAt: '0001-01-01T00:00:00Z',
      startedAt: '2026-01-01T00:00:00Z',
      refusal: null,
    };
    Object.assign(container, change);
    this.#containers.set(id, container);
    return container;
  }

  remove(id: string): void {
    this.end(id);
    this.#containers.delete(id);
  }

  log(id: string, ...messages: LogMessage[]): void {
    const container = this.container(id);
    container.messages.push(...messages);
    for (const each of this.#following) {
      if (each.id === id) for (const message of messages) write(each, container, message);
    }
  }

  /** The first bytes of a message reach those who follow, then the connection breaks. */
  async breakWithin(id: string, message: LogMessage, bytes: number): Promise<void> {
    const container = this.container(id);
    container.messages.push(message);
    for (const each of this.#following) {
      if (each.id !== id) continue;
      const whole = container.isTty ? payloadOf(message) : frameOf(message);
      each.response.write(whole.subarray(0, bytes));
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.breakConnections();
  }

  /** The container stops: answers that follow end in good order. */
  end(id: string): void {
    this.container(id, { isRunning: false });
    for (const each of this.#following) {
      if (each.id !== id) continue;
      each.response.end();
      this.#following.delete(each);
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://docker');
    const [, id = '', what] = /^\/containers\/([^/]+)\/(logs|json)$/.exec(url.pathname) ?? [];
    if (what === 'json') {
      const { finishedAt, startedAt } = this.container(id);
      response.end(JSON.stringify({ State: { FinishedAt: finishedAt, StartedAt: startedAt } }));
      return;
    }
    const since = url.searchParams.get('since') ?? '';
    const follows = url.searchParams.get('follow') === '1';
    this.questions.push({ id, since, follows });
    const container = this.#containers.get(id);
    const refusal = container ? container.refusal : { status: 404, message: 'No such container' };
    if (refusal || !container) {
      response.writeHead(refusal?.status ?? 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: refusal?.message }));
      return;
    }
    response.writeHead(200);
    response.flushHeaders();
    const following = { id, since, response };
    for (const message of container.messages) write(following, container, message);
    if (!follows || !container.isRunning) {
      response.end();
      return;
    }
    this.#following.add(following);
    this.maxFollowing = Math.max(this.maxFollowing, this.#following.size);
    response.on('close', () => this.#following.delete(following));
  }
}

function write(to: Following, { isTty }: FakeContainer, message: LogMessage): void {
  const [seconds = '0', fraction = ''] = to.since.split('.');
  const first = `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
  if (to.since !== '' && message.time < first) return;
  to.response.write(isTty ? payloadOf(message) : frameOf(message));
}
