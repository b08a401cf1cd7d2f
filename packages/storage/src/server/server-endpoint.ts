import type { Readable } from 'node:stream';
import {
  ClickHouseLogLevel,
  createClient,
  type ClickHouseClient,
  type ClickHouseSettings,
} from '@clickhouse/client';
import { redactUrl } from '@plimsoll/runtime';
import { StorageError } from '../storage-error.ts';
import { toStorageError } from '../engine-error.ts';
import { connectionAgent, type ServerTls } from './connection-agent.ts';
import { Deadline } from './deadline.ts';
import { ServerClock } from './server-clock.ts';

export interface ServerEndpointOptions {
  url: string;
  username: string;
  password: string;
  tls: ServerTls;
  maxSockets: number;
  connectTimeoutMs: number;
  /** Results are asked for compressed: worth it over a network, not within a host. */
  isCompressed: boolean;
}

export interface Request {
  sql: string;
  database: string;
  settings: ClickHouseSettings;
  params?: Record<string, unknown>;
  /** Makes the body anew for each try. */
  body?: () => Readable;
  /** What the body is compressed with. */
  encoding?: string;
}

export interface Answer {
  stream: Readable;
  summary: { rows: number; bytes: number };
}

/** The client's own limit on silence, above every limit of ours. */
const longestRequestMs = 3_600_000;
const pingTimeoutMs = 5_000;

/** One ClickHouse server over HTTP. Every setting travels with its request, so nothing stays behind. */
export class ServerEndpoint {
  readonly name: string;
  readonly clock: ServerClock;
  readonly #client: ClickHouseClient;
  readonly #isCompressed: boolean;

  constructor(options: ServerEndpointOptions) {
    this.name = redactUrl(options.url);
    this.#isCompressed = options.isCompressed;
    this.#client = createClient({
      url: options.url,
      username: options.username,
      password: options.password,
      application: 'plimsoll',
      // Errors are thrown; the client would also print them, with their stacks.
      log: { level: ClickHouseLogLevel.OFF },
      request_timeout: longestRequestMs,
      compression: { response: options.isCompressed ? { codec: 'zstd' } : false },
      keep_alive: { enabled: true, eagerly_destroy_stale_sockets: true },
      http_agent: connectionAgent(options),
      // Parameters of ingest may be longer than a URL.
      use_multipart_params_auto: true,
    });
    this.clock = new ServerClock(async (signal) => this.#time(signal));
  }

  /**
   * Sends a statement; resolves when the answer begins.
   *
   * @param isRepeatable whether it may be sent again when the connection, perhaps one that the server
   * had just closed for being idle, breaks before the answer
   */
  async send(request: Request, signal: AbortSignal, isRepeatable: boolean): Promise<Answer> {
    try {
      return await this.#send(request, signal);
    } catch (error) {
      if (!isRepeatable || signal.aborted || !isBrokenConnection(error)) throw error;
      return this.#send(request, signal);
    }
  }

  /** @throws {StorageError} */
  async ping(): Promise<void> {
    const deadline = new Deadline(pingTimeoutMs);
    try {
      const result = await this.#client.ping({ select: false, abort_signal: deadline.signal });
      if (!result.success) throw result.error;
    } catch (error) {
      throw deadline.explain(error);
    } finally {
      deadline.end();
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #send(request: Request, signal: AbortSignal): Promise<Answer> {
    const { sql, database, settings, params, body, encoding } = request;
    const values = body?.();
    const result = await this.#client.exec({
      query: sql,
      ...(values ? { values } : {}),
      ...(encoding === undefined ? {} : { http_headers: { 'Content-Encoding': encoding } }),
      clickhouse_settings: {
        async_insert: 0,
        session_timezone: 'UTC',
        output_format_json_quote_64bit_integers: 0,
        cancel_http_readonly_queries_on_client_close: 1,
        database,
        ...settings,
      },
      query_params: { ...params },
      decompress_response_stream: this.#isCompressed,
      abort_signal: signal,
    });
    return {
      stream: result.stream,
      summary: {
        rows: Number(result.summary?.read_rows ?? 0),
        bytes: Number(result.summary?.read_bytes ?? 0),
      },
    };
  }

  async #time(signal: AbortSignal | undefined): Promise<number> {
    const deadline = new Deadline(pingTimeoutMs, signal);
    try {
      const request = { sql: serverTime, database: 'default', settings: {} };
      const { stream } = await this.send(request, deadline.signal, true);
      const text = (await textOf(stream)).trim();
      if (!/^\d+$/.test(text)) {
        throw new StorageError('engine', `expected the server's time, got ${text.slice(0, 100)}`);
      }
      return Number(text);
    } catch (error) {
      throw deadline.explain(error);
    } finally {
      deadline.end();
    }
  }
}

const serverTime = 'SELECT toUnixTimestamp64Milli(now64(3)) FORMAT TabSeparated';

export async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(asBuffer(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

export function asBuffer(chunk: unknown): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
}

function isBrokenConnection(error: unknown): boolean {
  const { code, message } = toStorageError(error);
  return code === 'unreachable' && /ECONNRESET|EPIPE|socket hang up/.test(message);
}
