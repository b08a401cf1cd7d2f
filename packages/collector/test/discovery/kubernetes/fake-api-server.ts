import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';

export interface FakeWatch {
  readonly url: URL;
  readonly token: string;
  send: (type: string, object: unknown) => void;
  end: () => void;
}

/** Why there can be no server with TLS here; undefined where there can. */
export function missingForTls(): string | undefined {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'needs openssl';
  }
}

/** The part of an API server that serves watches of pods, with a certificate of its own authority. */
export class FakeApiServer {
  readonly watches: FakeWatch[] = [];
  /** Set: every request is answered with it. */
  refusal: number | null = null;
  /** Pods that a watch from the beginning tells. */
  pods: unknown[] = [];
  readonly #folder: string;
  #server: Server | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get caPath(): string {
    return join(this.#folder, 'ca.crt');
  }

  get port(): number {
    const address = this.#server?.address();
    if (typeof address !== 'object' || !address) throw new Error('the server was not started');
    return address.port;
  }

  async start(): Promise<void> {
    const key = join(this.#folder, 'tls.key');
    const command = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2';
    const subject = ['-subj', '/CN=plimsoll-test', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-keyout', key, '-out', this.caPath];
    execFileSync('openssl', [...command.split(' '), ...subject, ...files], { stdio: 'ignore' });
    const listener: RequestListener = (request, response) => {
      this.#answer(request, response);
    };
    const server = createServer(
      { key: readFileSync(key), cert: readFileSync(this.caPath) },
      listener,
    );
    this.#server = server;
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'https://here');
    const token = (request.headers.authorization ?? '').replace('Bearer ', '');
    const send = (type: string, object: unknown): void => {
      response.write(`${JSON.stringify({ type, object })}\n`);
    };
    this.watches.push({ url, token, send, end: () => response.end() });
    if (this.refusal !== null) {
      response.writeHead(this.refusal, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', code: this.refusal, message: 'no' }));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (!url.searchParams.has('resourceVersion')) for (const pod of this.pods) send('ADDED', pod);
  }
}
