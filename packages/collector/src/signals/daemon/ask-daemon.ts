/**
 * One GET of the Docker API with a deadline of its own. A daemon that hangs still accepts
 * connections, so each request has its own connection, which is destroyed at the deadline: none is
 * left waiting, however often the daemon is asked.
 */
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { codeOf, messageOf } from '@plimsoll/runtime';

export type DaemonAnswer =
  /** Any status: whoever answers is not stuck. `body` is undefined when it is not JSON. */
  | { kind: 'answered'; seconds: number; status: number; body: unknown }
  /** Connected, and no whole answer within the deadline. */
  | { kind: 'late' }
  /** Nobody listens, or we may not talk to it. */
  | { kind: 'absent'; code: string }
  /** The connection broke: a daemon that starts or ends does so. */
  | { kind: 'broken'; reason: string };

export interface AskOptions {
  socketPath: string;
  deadlineMs: number;
  signal: AbortSignal;
}

/** The list of some 20,000 containers; whatever is longer is not read to its end. */
const maxBodyBytes = 16 * 1024 * 1024;
const absentCodes = new Set(['ENOENT', 'ECONNREFUSED', 'EACCES', 'EPERM', 'ENOTSOCK', 'ENOTDIR']);

/** Never rejects. */
export function askDaemon(path: string, options: AskOptions): Promise<DaemonAnswer> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const outgoing = request({ socketPath: options.socketPath, path, agent: false });
    const finish = (answer: DaemonAnswer): void => {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', onAbort);
      outgoing.destroy();
      resolve(answer);
    };
    const onAbort = (): void => {
      finish({ kind: 'broken', reason: 'stopped' });
    };
    const wait = (isExtended: boolean): void => {
      timer = setTimeout(() => {
        // A process that was itself held up (suspended, starved) has not looked for the answer yet.
        const overslept = performance.now() - startedAt - options.deadlineMs;
        if (!isExtended && overslept > options.deadlineMs / 2) wait(true);
        else finish({ kind: 'late' });
      }, options.deadlineMs);
    };
    if (options.signal.aborted) {
      outgoing.on('error', () => undefined);
      finish({ kind: 'broken', reason: 'stopped' });
      return;
    }
    options.signal.addEventListener('abort', onAbort, { once: true });
    wait(false);
    receive(outgoing, startedAt, finish);
    outgoing.end();
  });
}

function receive(
  outgoing: ClientRequest,
  startedAt: number,
  finish: (answer: DaemonAnswer) => void,
): void {
  const onError = (error: unknown): void => {
    finish(answerOf(error));
  };
  outgoing.on('error', onError);
  outgoing.on('response', (response: IncomingMessage) => {
    const parts: Buffer[] = [];
    let length = 0;
    response.on('error', onError);
    response.on('data', (part: Buffer) => {
      length += part.length;
      if (length <= maxBodyBytes) parts.push(part);
      else finish({ kind: 'broken', reason: `an answer longer than ${maxBodyBytes} bytes` });
    });
    response.on('end', () => {
      const seconds = (performance.now() - startedAt) / 1000;
      const body = parseJson(Buffer.concat(parts).toString('utf8'));
      finish({ kind: 'answered', seconds, status: response.statusCode ?? 0, body });
    });
    response.on('close', () => {
      finish({ kind: 'broken', reason: 'the connection ended within an answer' });
    });
  });
}

/** A connection is refused with EAGAIN when the queue of a daemon that accepts none is full. */
function answerOf(error: unknown): DaemonAnswer {
  const code = codeOf(error) ?? '';
  if (code === 'EAGAIN') return { kind: 'late' };
  if (absentCodes.has(code)) return { kind: 'absent', code };
  return { kind: 'broken', reason: messageOf(error) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
