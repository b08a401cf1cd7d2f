/**
 * The receivers' HTTP server: what others push becomes frames, and is answered with success only once
 * those are durable. docs/specs/receivers.md says what it takes.
 */
import { listen, type Config, type Logger, type Metrics } from '@plimsoll/runtime';
import type { Publisher } from '@plimsoll/transport';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ReceiverError } from '../receiver-error.ts';
import { PublishingSink } from '../sink/publishing-sink.ts';
import { Access } from './access.ts';
import { errorAnswer, type Answer } from './answer.ts';
import { Decompressor } from './decompress.ts';
import { InFlight } from './in-flight.ts';
import { lokiPush, metricProtocols, otlpLogs, type Protocol } from './protocol.ts';
import { PushHandler } from './push-handler.ts';
import { createReceiverMetrics, type ReceiverMetrics } from './receiver-metrics.ts';

export interface ReceiversOptions {
  config: Config['receivers'];
  /** Of pushes without a token, and of tokens that name none. */
  tenant: string;
  publisher: Publisher;
  logger: Logger;
  metrics: Metrics;
  /** Of this process, in what it publishes: the host's name, as a rule. */
  instance: string;
}

export interface Receivers {
  /**
   * Listens; idempotent. Resolves with the address, such as `http://127.0.0.1:4272`.
   *
   * @throws {PlimsollError} `port_in_use`, `address_unavailable`
   */
  start(): Promise<string>;
  /**
   * Takes no more, lets requests under way end for a few seconds, gives the rest up; idempotent. The
   * publisher must still run.
   */
  stop(): Promise<void>;
  /** Not ok while nothing becomes durable. */
  health(): { ok: boolean; reason?: string };
}

/** Longest that requests under way may take when the process stops. */
const stopTimeoutMs = 4000;
const maxHeaderBytes = 16 * 1024;
/** Longer than clients keep theirs, so that they close first and none is closed in a request's face. */
const keepAliveMs = 120_000;

export function createReceivers(options: ReceiversOptions): Receivers {
  return new ReceiversServer(options);
}

class ReceiversServer implements Receivers {
  readonly #options: ReceiversOptions;
  readonly #sink: PublishingSink;
  readonly #inFlight: InFlight;
  readonly #handler: PushHandler;
  readonly #metrics: ReceiverMetrics;
  readonly #nowMs = (): number => performance.now();
  #app: FastifyInstance | null = null;
  #listening: Promise<string> | null = null;
  #stopped: Promise<void> | null = null;
  #isStopping = false;

  constructor(options: ReceiversOptions) {
    const { config, tenant, publisher, instance } = options;
    const nowMs = this.#nowMs;
    this.#options = options;
    this.#sink = new PublishingSink({ publisher, instance });
    this.#inFlight = new InFlight(config.limits.max_in_flight);
    this.#metrics = createReceiverMetrics(options.metrics, {
      bytes: () => this.#inFlight.bytes,
      requests: () => this.#inFlight.requests,
      waitedSeconds: () => this.#sink.waitedMs / 1000,
    });
    this.#handler = new PushHandler({
      limits: config.limits,
      access: new Access({ config, tenant, nowMs }),
      inFlight: this.#inFlight,
      decompressor: new Decompressor(config.limits.max_decoded),
      sink: this.#sink,
      metrics: this.#metrics,
      nowMs,
    });
  }

  async start(): Promise<string> {
    this.#listening ??= this.#listen();
    return this.#listening;
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    await this.#stopped;
  }

  health(): { ok: boolean; reason?: string } {
    const { waitedMs } = this.#sink;
    if (waitedMs <= this.#options.config.limits.publish_timeout) return { ok: true };
    const reason = `nothing pushed became durable for ${Math.round(waitedMs / 1000)} s`;
    return { ok: false, reason };
  }

  async #listen(): Promise<string> {
    const { host, port, limits } = this.#options.config;
    const app = fastify({
      logger: false,
      // Bodies are read by the handler, in its own bounds.
      requestTimeout: limits.read_timeout + 1000,
      keepAliveTimeout: keepAliveMs,
      forceCloseConnections: 'idle',
      return503OnClosing: true,
      http: { maxHeaderSize: maxHeaderBytes },
      routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    });
    app.server.maxConnections = limits.max_connections;
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _payload, done) => {
      done(null);
    });
    this.#routes(app);
    this.#app = app;
    return listen(app, { host, port });
  }

  #routes(app: FastifyInstance): void {
    const { remoteWrite, otlpMetrics } = metricProtocols();
    const routes: [Protocol, ...string[]][] = [
      [remoteWrite, '/api/v1/write', '/api/v1/push'],
      [lokiPush(), '/loki/api/v1/push', '/api/prom/push'],
      [otlpLogs(), '/v1/logs', '/otlp/v1/logs'],
      [otlpMetrics, '/v1/metrics', '/otlp/v1/metrics'],
    ];
    for (const [protocol, ...paths] of routes) {
      for (const path of paths) {
        app.post(path, async (request, reply) => this.#push(request, reply, { path, protocol }));
        app.get(path, async (_request, reply) =>
          reply.code(405).header('allow', 'POST').type('text/plain').send('expected POST\n'),
        );
      }
    }
    app.get('/healthz', async (_request, reply) => reply.type('text/plain').send('ok\n'));
    app.get('/ready', async (_request, reply) => {
      const { ok, reason } = this.#isStopping ? { ok: false, reason: 'stopping' } : this.health();
      return reply
        .code(ok ? 200 : 503)
        .type('text/plain')
        .send(`${ok ? 'ready' : (reason ?? 'not ready')}\n`);
    });
    app.setNotFoundHandler(async (_request, reply) =>
      reply
        .code(404)
        .type('text/plain')
        .send(`expected one of ${routes.flatMap(([, ...paths]) => paths).join(', ')}\n`),
    );
  }

  async #push(
    request: FastifyRequest,
    reply: FastifyReply,
    { path, protocol }: { path: string; protocol: Protocol },
  ): Promise<FastifyReply> {
    const startedMs = this.#nowMs();
    let answer: Answer;
    try {
      if (this.#isStopping) throw stopping();
      answer = await this.#handler.handle(request.raw, path, protocol);
    } catch (error) {
      answer = this.#refuse(error, request, { path, protocol });
      // What is left of the body is not read: the connection cannot be used again.
      if (!request.raw.complete) reply.header('connection', 'close');
    }
    if (this.#isStopping) reply.header('connection', 'close');
    const seconds = (this.#nowMs() - startedMs) / 1000;
    this.#metrics.request({ route: path, status: answer.status, seconds });
    return reply.code(answer.status).headers(answer.headers).send(answer.body);
  }

  #refuse(
    thrown: unknown,
    request: FastifyRequest,
    { path, protocol }: { path: string; protocol: Protocol },
  ): Answer {
    const error =
      thrown instanceof ReceiverError
        ? thrown
        : new ReceiverError('internal', 'the receiver failed; its log says why', { cause: thrown });
    const isPutOff = error.code === 'overloaded' && protocol.isPutOffWith503;
    const status = isPutOff ? 503 : error.status;
    this.#metrics.refused(path, error.code);
    this.#log(error, { path, status });
    const contentType = request.headers['content-type'];
    return errorAnswer(error, {
      style: protocol.errorStyle,
      ...(contentType !== undefined && { contentType }),
      status,
    });
  }

  #log(error: ReceiverError, fields: { path: string; status: number }): void {
    const { logger } = this.#options;
    const entry = { ...fields, code: error.code, reason: error.message, err: error.cause };
    if (error.code === 'internal') logger.error(entry, 'a push failed');
    else if (error.status >= 500) logger.warn(entry, 'a push was put off');
    else logger.debug(entry, 'a push was refused');
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    await this.#listening?.catch(() => undefined);
    const app = this.#app;
    if (app === null) return;
    this.#sink.flush();
    const closed = app.close();
    const timer = setTimeout(() => {
      this.#sink.abort();
      // Bodies that do not end are not waited for.
      app.server.closeAllConnections();
    }, stopTimeoutMs);
    try {
      await closed;
    } finally {
      clearTimeout(timer);
      this.#sink.abort();
    }
  }
}

function stopping(): ReceiverError {
  return new ReceiverError('stopping', 'this process is stopping; send it again', {
    retryAfterSeconds: 1,
  });
}
