/**
 * Stands between a client and a ClickHouse server over HTTP and does to requests what networks,
 * balancers and dying servers do.
 */
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/**
 * - `pass`: as if it were not there
 * - `refuse`: the connection breaks at once
 * - `swallow`: the server does it, the answer never comes: the connection breaks
 * - `lose`: the same, and the client waits
 * - `stall`: the body is not read, nothing is answered
 * - `unavailable`: 503 with a page of its own, the server is not asked
 * - `truncate`: the body arrives without its last bytes, and looks whole
 * - `close`: answers, then closes the connection that it had promised to keep
 */
export type Fault =
  'pass' | 'refuse' | 'swallow' | 'lose' | 'stall' | 'unavailable' | 'truncate' | 'close';

export interface FaultProxy extends AsyncDisposable {
  url: string;
  /** What happens to the next requests that fit, in order; then `pass`. */
  next(faults: readonly Fault[], fits?: (statement: string) => boolean): void;
  /** What happens to every request until told otherwise. */
  always(fault: Fault): void;
  /** The server's clock shows so much more than this host's. */
  setClock(skewMs: number): void;
  /** Leases of inserts, milliseconds since 1970 by that clock. */
  leases: number[];
  /** Statements of requests, but for questions of the server's time. */
  statements: string[];
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const state: { planned: Fault[]; fits: (statement: string) => boolean; always: Fault } = {
    planned: [],
    fits: () => true,
    always: 'pass',
  };
  const statements: string[] = [];
  const leases: number[] = [];
  const clock = { skewMs: 0 };
  const server = createServer((request, response) => {
    const statement = new URL(request.url ?? '/', target).searchParams.get('query') ?? '';
    statements.push(statement);
    const planned = state.fits(statement) ? state.planned.shift() : undefined;
    const lease = leaseOf(request.url ?? '/');
    if (lease !== null) leases.push(lease);
    const fault = planned ?? state.always;
    serve({ target, request, response, fault, skewMs: clock.skewMs }).catch(() =>
      request.socket.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    statements,
    leases,
    setClock: (skewMs) => {
      clock.skewMs = skewMs;
    },
    next: (faults, fits = () => true) => {
      Object.assign(state, { planned: [...faults], fits });
    },
    always: (fault) => {
      state.always = fault;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Exchange {
  target: string;
  request: IncomingMessage;
  response: ServerResponse;
  fault: Fault;
  skewMs: number;
}

async function serve({ target, request, response, fault, skewMs }: Exchange): Promise<void> {
  if (fault === 'refuse') {
    request.socket.destroy();
    return;
  }
  if (fault === 'stall') {
    request.pause();
    return;
  }
  const body = await buffer(request);
  if (body.includes('toUnixTimestamp64Milli(now64(3)) FORMAT')) {
    response.end(`${Date.now() + skewMs}\n`);
    return;
  }
  if (fault === 'unavailable') {
    response.writeHead(503, { 'Content-Type': 'text/html' });
    response.end('<html>no server is available</html>');
    return;
  }
  const sent = fault === 'truncate' ? body.subarray(0, Math.max(0, body.length - 5)) : body;
  const answer = await ask(target, request, { body: sent, skewMs });
  if (fault === 'swallow') {
    request.socket.destroy();
    return;
  }
  if (fault === 'lose') return;
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
  if (fault === 'close')
    response.once('finish', () => setImmediate(() => request.socket.destroy()));
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

function leaseOf(path: string): number | null {
  const comment = new URL(path, 'http://x').searchParams.get('log_comment') ?? '';
  const until = /^lease (\d+)$/.exec(comment)?.[1];
  return until === undefined ? null : Number(until);
}

/** The server has this host's clock: a lease is moved to it. And it takes no settings of a cluster. */
function urlOf(target: string, path: string, skewMs: number): URL {
  const url = new URL(path, target);
  url.searchParams.delete('distributed_product_mode');
  const lease = leaseOf(path);
  if (lease !== null) url.searchParams.set('log_comment', `lease ${lease - skewMs}`);
  return url;
}

async function ask(
  target: string,
  request: IncomingMessage,
  { body, skewMs }: { body: Buffer; skewMs: number },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { 'transfer-encoding': _chunked, host: _host, ...headers } = request.headers;
    const outgoing = forward(
      urlOf(target, request.url ?? '/', skewMs),
      { method: request.method, headers: { ...headers, 'content-length': body.length } },
      (incoming) => {
        const { 'transfer-encoding': _encoding, ...rest } = incoming.headers;
        buffer(incoming).then(
          (bytes) => resolve({ status: incoming.statusCode ?? 500, headers: rest, body: bytes }),
          reject,
        );
      },
    );
    outgoing.once('error', reject).end(body);
  });
}
