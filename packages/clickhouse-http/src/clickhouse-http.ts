/**
 * ClickHouse's HTTP interface over the embedded engine; what is spoken: docs/specs/clickhouse-http.md.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { listenError, type Config, type Logger, type Metrics } from '@plimsoll/runtime';
import { rawAccessOf, type Engine } from '@plimsoll/storage';
import { answerQuery } from './answer-query.ts';
import { readCredentials } from './auth/credentials.ts';
import { Users } from './auth/users.ts';
import { loadCatalogue } from './catalogue.ts';
import { toException } from './exception.ts';
import { httpMetrics } from './http-metrics.ts';
import { Places } from './places.ts';
import type { Service } from './query-context.ts';
import { RunningQueries } from './running-queries.ts';
import { Sessions } from './sessions.ts';
import { commandPlaces } from './statement-threads.ts';

export interface ClickHouseHttpOptions {
  /** Embedded and open; it is closed after this interface, not by it. */
  engine: Engine;
  config: Pick<Config, 'clickhouse_http'>;
  logger: Logger;
  metrics: Metrics;
}

export interface ClickHouseHttp {
  /**
   * Listens; resolves with the address, such as `http://127.0.0.1:4271`. Idempotent.
   *
   * @throws {PlimsollError} `port_in_use`, `address_unavailable`
   */
  start(): Promise<string>;
  /** Refuses new requests, cancels reading ones and lets inserts end. Idempotent. */
  stop(): Promise<void>;
  health(): ClickHouseHttpHealth;
}

export interface ClickHouseHttpHealth {
  ok: boolean;
  reason?: string;
}

export function createClickHouseHttp(options: ClickHouseHttpOptions): ClickHouseHttp {
  return new ClickHouseHttpServer(options);
}

/** The request line and all headers: a statement in the URL is as long as one may be. */
const maxHeaderBytes = 384 * 1024;
const headersTimeoutMs = 15_000;
const keepAliveMs = 10_000;
/** Inserts under way when the interface is to stop. */
const stopGraceMs = 5_000;

class ClickHouseHttpServer implements ClickHouseHttp {
  readonly #options: ClickHouseHttpOptions;
  readonly #users: Users;
  readonly #requests = new Set<Promise<void>>();
  readonly #connections = new Set<Socket>();
  #server: Server | null = null;
  #service: Service | null = null;
  #starting: Promise<string> | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: ClickHouseHttpOptions) {
    this.#options = options;
    this.#users = new Users({
      users: options.config.clickhouse_http.users,
      now: () => performance.now(),
    });
  }

  async start(): Promise<string> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  health(): ClickHouseHttpHealth {
    if (this.#server?.listening && !this.#stopping) return { ok: true };
    return { ok: false, reason: this.#stopping ? 'it is stopping' : 'it has not started' };
  }

  async #start(): Promise<string> {
    const { engine, config, logger } = this.#options;
    const raw = rawAccessOf(engine);
    if (!raw) throw new Error('clickhouse_http: expected the embedded engine, got a server');
    const { host, port, limits } = config.clickhouse_http;
    const places = {
      select: new Places('queries', limits.max_queries, limits.max_wait),
      insert: new Places('inserts', limits.max_inserts, limits.max_wait),
      command: new Places('commands', commandPlaces, limits.max_wait),
    };
    const sessions = new Sessions(limits.max_sessions);
    const queries = new RunningQueries(raw);
    this.#service = {
      raw,
      catalogue: await loadCatalogue(raw),
      database: engine.database,
      limits,
      sessions,
      queries,
      places,
      pipes: await raw.openPipes(limits.max_queries),
      staged: { bytes: 0, maxBytes: 2 * limits.max_body },
      metrics: httpMetrics(this.#options.metrics, {
        running: () => queries.size,
        sessions: () => sessions.size,
        connections: () => this.#connections.size,
      }),
      logger,
    };
    const server = this.#createServer(limits.max_connections);
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        const told = listenError(error, { host, port });
        reject(told instanceof Error ? told : error);
      });
      server.listen({ host, port }, resolve);
    });
    return addressOf(server);
  }

  #createServer(maxConnections: number): Server {
    const server = createServer({
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headersTimeoutMs,
      // A body may take as long as it keeps coming: see Body.
      requestTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: 1_000,
    });
    server.maxConnections = maxConnections;
    server.on('connection', (socket) => {
      this.#connections.add(socket);
      socket.once('close', () => this.#connections.delete(socket));
    });
    const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
      const request = this.#handle(incoming, outgoing).catch((error: unknown) => {
        this.#options.logger.error({ error }, 'A request could not be answered.');
        outgoing.destroy();
      });
      this.#requests.add(request);
      void request.finally(() => this.#requests.delete(request));
    };
    server.on('request', onRequest);
    // A client that asks first whether to send its body.
    server.on('checkContinue', (incoming, outgoing) => {
      outgoing.writeContinue();
      onRequest(incoming, outgoing);
    });
    return server;
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    // Whoever waits for it learns of its end otherwise.
    incoming.on('error', () => undefined);
    outgoing.on('error', () => undefined);
    const service = this.#service;
    const target = urlOf(incoming);
    if (!service || this.#stopping || !target) {
      plain(outgoing, target ? stopping : noUrl);
      return;
    }
    const { pathname, searchParams } = target;
    const isRead = incoming.method === 'GET' || incoming.method === 'HEAD';
    if (!isRead && incoming.method !== 'POST' && incoming.method !== 'PUT') {
      plain(outgoing, wrongMethod);
    } else if (pathname === '/ping' || pathname === '/replicas_status') {
      plain(outgoing, ok);
    } else if (pathname !== '/') {
      plain(outgoing, noHandle);
    } else if (isRead && !searchParams.has('query')) {
      plain(outgoing, ok);
    } else {
      await this.#query(service, { incoming, outgoing, url: searchParams });
    }
  }

  async #query(
    service: Service,
    exchange: { incoming: IncomingMessage; outgoing: ServerResponse; url: URLSearchParams },
  ): Promise<void> {
    const { incoming, outgoing, url } = exchange;
    try {
      const credentials = readCredentials(incoming.headers, url);
      const address = incoming.socket.remoteAddress ?? '';
      const user = this.#users.authenticate(credentials, address);
      await answerQuery(service, { ...exchange, user });
    } catch (error) {
      service.metrics.authenticationFailed();
      const exception = toException(error);
      plain(outgoing, {
        status: exception.status,
        text: exception.text(service.catalogue.version),
        headers: {
          'X-ClickHouse-Exception-Code': String(exception.code),
          ...(exception.status === 401 && {
            'WWW-Authenticate': 'Basic realm="ClickHouse server HTTP API"',
          }),
          // Its body is not read.
          Connection: 'close',
        },
      });
    }
  }

  async #stop(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    const server = this.#server;
    const service = this.#service;
    if (!server || !service) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    service.queries.cancelReading();
    const timer = setTimeout(() => server.closeAllConnections(), stopGraceMs);
    await Promise.all(this.#requests);
    clearTimeout(timer);
    server.closeAllConnections();
    await closed;
    service.sessions.closeAll();
    for (const pipe of service.pipes) pipe.close();
  }
}

const ok: PlainAnswer = { status: 200, text: 'Ok.' };
const stopping: PlainAnswer = { status: 503, text: 'The server is stopping.' };
const noUrl: PlainAnswer = { status: 400, text: 'Expected a URL.' };
const wrongMethod: PlainAnswer = {
  status: 405,
  text: 'Expected GET or POST.',
  headers: { Allow: 'GET, HEAD, POST, PUT' },
};
const noHandle: PlainAnswer = {
  status: 404,
  text: 'There is no handle here: use / for queries and /ping for health checks.',
};

interface PlainAnswer {
  status: number;
  text: string;
  headers?: Record<string, string>;
}

function plain(outgoing: ServerResponse, { status, text, headers }: PlainAnswer): void {
  outgoing.writeHead(status, { 'Content-Type': 'text/html; charset=UTF-8', ...headers });
  outgoing.end(`${text}\n`);
}

function urlOf({ url }: IncomingMessage): URL | null {
  return URL.parse(url ?? '/', 'http://localhost');
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return '';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
