import type { IncomingHttpHeaders } from 'node:http';
import { randomUUID } from 'node:crypto';
import { ClickHouseException } from '../exception.ts';
import { defaultSessionTimeoutMs, maxSessionTimeoutMs } from '../sessions.ts';
import type { Assignment } from '../statement/assignments.ts';

/** A request, but for its body. */
export interface Request {
  /** Of the URL; several are one behind the other. */
  query: string;
  queryId: string;
  database: string | null;
  defaultFormat: string | null;
  parameters: Map<string, string>;
  settings: Assignment[];
  session: { id: string; timeoutMs: number; mustExist: boolean } | null;
  http: HttpOptions;
  /** GET reads, whoever asks. */
  isReadOnly: boolean;
}

export interface HttpOptions {
  /** Bytes of a result that are held before the first of them is sent. */
  bufferBytes: number;
  /** Hold the whole result, up to `maxHeldBytes`, so that an error has a status of its own. */
  waitsForEnd: boolean;
  isCompressionEnabled: boolean;
  compressionLevel: number;
  sendsProgress: boolean;
  progressIntervalMs: number;
  /** Blocks of ClickHouse's own compression, of the result and of the body. */
  compress: boolean;
  decompress: boolean;
  acceptEncoding: string;
}

const defaultBufferBytes = 1024 * 1024;
/** Also what `wait_end_of_query` holds: a longer result begins to be sent before its end. */
export const maxHeldBytes = 16 * 1024 * 1024;

/** Names in the URL that are no settings. */
const ownNames: ReadonlySet<string> = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'session_id',
  'session_timeout',
  'session_check',
  'close_session',
  'user',
  'password',
  'quota_key',
  'role',
  'stacktrace',
  'client_protocol_version',
  'compress',
  'decompress',
]);

export interface RequestHead {
  method: string;
  url: URLSearchParams;
  headers: IncomingHttpHeaders;
}

/** @throws {ClickHouseException} BAD_ARGUMENTS, INVALID_SESSION_TIMEOUT */
export function readRequest({ method, url, headers }: RequestHead): Request {
  const settings: Assignment[] = [];
  const parameters = new Map<string, string>();
  for (const [name, value] of url) {
    if (name.startsWith('param_')) parameters.set(parameterName(name), value);
    else if (!ownNames.has(name) && value !== '') settings.push({ name, value });
  }
  return {
    query: url.getAll('query').join(''),
    queryId: queryIdOf(url),
    database: url.get('database') || headerOf(headers, 'x-clickhouse-database'),
    defaultFormat: url.get('default_format') || headerOf(headers, 'x-clickhouse-format'),
    parameters,
    settings,
    session: readSession(url),
    http: readHttpOptions(url, headers),
    isReadOnly: method !== 'POST' && method !== 'PUT',
  };
}

/** Of a multipart body, whose fields count as if they stood in the URL. */
export function addField(request: Request, name: string, value: string): void {
  if (name === 'query') request.query += value;
  else if (name.startsWith('param_')) request.parameters.set(parameterName(name), value);
  else if (!ownNames.has(name)) request.settings.push({ name, value });
}

function parameterName(name: string): string {
  const own = name.slice('param_'.length);
  if (/^[A-Za-z_]\w*$/.test(own)) return own;
  throw new ClickHouseException(
    'BAD_ARGUMENTS',
    `Query parameter: expected a name, got ${JSON.stringify(own)}`,
  );
}

function queryIdOf(url: URLSearchParams): string {
  const id = url.get('query_id');
  if (id === null || id === '') return randomUUID();
  // It comes back in a header.
  if (/^[\x20-\x7e]{1,200}$/.test(id)) return id;
  throw new ClickHouseException(
    'BAD_ARGUMENTS',
    'query_id: expected 1 to 200 printable characters of ASCII',
  );
}

function readSession(url: URLSearchParams): Request['session'] {
  const id = url.get('session_id');
  if (id === null || id === '') return null;
  if (id.length > 200) {
    throw new ClickHouseException('BAD_ARGUMENTS', 'session_id: expected at most 200 characters');
  }
  const timeout = url.get('session_timeout');
  const timeoutMs = timeout === null ? defaultSessionTimeoutMs : Number(timeout) * 1000;
  if (!/^\d*$/.test(timeout ?? '') || timeoutMs > maxSessionTimeoutMs) {
    throw new ClickHouseException(
      'INVALID_SESSION_TIMEOUT',
      `Invalid session timeout: '${timeout}': expected seconds, at most ${maxSessionTimeoutMs / 1000}`,
    );
  }
  return { id, timeoutMs, mustExist: isOn(url, 'session_check') };
}

function readHttpOptions(url: URLSearchParams, headers: IncomingHttpHeaders): HttpOptions {
  const number = (name: string, fallback: number): number => {
    const value = url.get(name);
    return value !== null && /^\d{1,12}$/.test(value) ? Number(value) : fallback;
  };
  const asked = number('buffer_size', number('http_response_buffer_size', defaultBufferBytes));
  return {
    bufferBytes: Math.min(asked, maxHeldBytes),
    waitsForEnd: isOn(url, 'wait_end_of_query') || isOn(url, 'http_wait_end_of_query'),
    isCompressionEnabled: isOn(url, 'enable_http_compression'),
    compressionLevel: Math.min(Math.max(number('http_zlib_compression_level', 3), 1), 9),
    sendsProgress: isOn(url, 'send_progress_in_http_headers'),
    progressIntervalMs: Math.max(number('http_headers_progress_interval_ms', 100), 10),
    compress: isOn(url, 'compress'),
    decompress: isOn(url, 'decompress'),
    acceptEncoding: headerOf(headers, 'accept-encoding') ?? '',
  };
}

function isOn(url: URLSearchParams, name: string): boolean {
  const value = (url.get(name) ?? '').toLowerCase();
  return value === '1' || value === 'true';
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  const text = Array.isArray(value) ? value[0] : value;
  return text === undefined || text === '' ? null : text;
}
