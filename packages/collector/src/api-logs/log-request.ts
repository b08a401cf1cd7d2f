/**
 * `GET /containers/<id>/logs` over the daemon's unix socket. dockerode is not used here: it gathers
 * an answer that does not follow in memory.
 */
import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from '../discovery/json-fields.ts';
import type { LastRestart } from './tty-reader.ts';

export interface LogRequest {
  socketPath: string;
  containerId: string;
  /** `seconds.nanoseconds`; null: from the beginning. */
  since: string | null;
  /** The answer goes on while the container runs. */
  follows: boolean;
  signal: AbortSignal;
}

export type LogAnswer =
  | { kind: 'answered'; stream: IncomingMessage; isRaw: boolean | null }
  /** The driver keeps nothing that could be read: asking again is of no use. */
  | { kind: 'unreadable'; reason: string }
  /** There is no such container any more. */
  | { kind: 'gone' };

const deadlineMs = 20_000;
const maxErrorBytes = 4096;
const maxDescriptionBytes = 4 * 1024 * 1024;
/** Each answer has a connection of its own, for as long as it goes on. */
const agent = new Agent({ keepAlive: false });

/** @throws {Error} when the daemon cannot be reached or refuses for a reason that may pass. */
export async function requestLog(options: LogRequest): Promise<LogAnswer> {
  const response = await askFor(pathOf(options), options);
  if (response.statusCode === 200) {
    return { kind: 'answered', stream: response, isRaw: isRawStream(response) };
  }
  const reason = await readError(response);
  if (response.statusCode === 404) return { kind: 'gone' };
  if (response.statusCode === 501 || reason.includes('does not support reading')) {
    return { kind: 'unreadable', reason };
  }
  throw new Error(`the daemon answered ${response.statusCode ?? 'nothing'}: ${reason}`);
}

/** When the container last stopped and started again; null when it never did, or is not there. */
export async function requestLastRestart(
  containerId: string,
  connection: Pick<LogRequest, 'socketPath' | 'signal'>,
): Promise<LastRestart | null> {
  const path = `/containers/${encodeURIComponent(containerId)}/json`;
  const response = await askFor(path, connection);
  const body = await readBody(response, maxDescriptionBytes);
  if (response.statusCode !== 200) return null;
  const description: unknown = JSON.parse(body);
  const finishedAtMs = Date.parse(text(description, 'State', 'FinishedAt'));
  const startedAtMs = Date.parse(text(description, 'State', 'StartedAt'));
  return finishedAtMs > 0 && finishedAtMs < startedAtMs ? { finishedAtMs, startedAtMs } : null;
}

async function askFor(
  path: string,
  { socketPath, signal }: Pick<LogRequest, 'socketPath' | 'signal'>,
): Promise<IncomingMessage> {
  const answered = Promise.withResolvers<IncomingMessage>();
  const asking = request({ socketPath, path, agent, signal }, answered.resolve);
  const late = setTimeout(() => {
    asking.destroy(new Error(`expected the daemon to answer within ${deadlineMs / 1000} s`));
  }, deadlineMs);
  asking.on('error', answered.reject);
  asking.end();
  try {
    return await answered.promise;
  } finally {
    clearTimeout(late);
  }
}

function pathOf({ containerId, since, follows }: LogRequest): string {
  const query = new URLSearchParams({ stdout: '1', stderr: '1', timestamps: '1' });
  if (follows) query.set('follow', '1');
  if (since !== null) query.set('since', since);
  return `/containers/${encodeURIComponent(containerId)}/logs?${query.toString()}`;
}

/** Daemons since API 1.42 say whether the stream has frames; null for one that does not. */
function isRawStream({ headers }: IncomingMessage): boolean | null {
  const type = headers['content-type'] ?? '';
  if (type.includes('docker.multiplexed-stream')) return false;
  return type.includes('docker.raw-stream') ? true : null;
}

async function readError(response: IncomingMessage): Promise<string> {
  const body = await readBody(response, maxErrorBytes);
  try {
    return text(JSON.parse(body), 'message') || body.trim();
  } catch {
    return body.trim();
  }
}

/** As much as there may be. */
async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  let body = '';
  for await (const bytes of response) {
    body += String(bytes);
    if (body.length > maxBytes) break;
  }
  return body.slice(0, maxBytes);
}
