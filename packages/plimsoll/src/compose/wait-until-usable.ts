import { Backoff, sleep } from '@plimsoll/runtime';
import type { Logger } from '@plimsoll/runtime';
import { StorageError, type StorageErrorCode } from '@plimsoll/storage';

export interface WaitOptions {
  signal: AbortSignal;
  logger: Logger;
  /** Why it waits; null when it no longer does. */
  onProblem: (reason: string | null) => void;
}

const backoff = { initialMs: 200, maxMs: 5000 };

/**
 * Runs until ClickHouse can be used: a server may start later than this process, go away, and have
 * its tables made by another, who has the rights for it. Anything else that it says is thrown: wrong
 * credentials mend themselves as little as a wrong schema. Throws the signal's reason when that aborts.
 */
export async function waitUntilUsable<T>(
  work: () => Promise<T>,
  { signal, logger, onProblem }: WaitOptions,
): Promise<T> {
  const waits = new Backoff(backoff);
  let told: string | null = null;
  for (;;) {
    try {
      const result = await work();
      if (told !== null) logger.info('ClickHouse can be used.');
      onProblem(null);
      return result;
    } catch (error) {
      const reason = passingProblem(error);
      if (reason === null || signal.aborted) throw error;
      if (reason !== told)
        logger.warn({ reason }, 'ClickHouse cannot be used yet: waiting for it.');
      told = reason;
      onProblem(reason);
    }
    await sleep(waits.next(), signal);
  }
}

/** AUTHENTICATION_FAILED: an answer, though storage has one code for both. */
const authenticationFailed = 516;

/** A server under load, short of something, or with one replica less; never the engine in this process. */
const passingCodes: ReadonlySet<StorageErrorCode> = new Set([
  'busy',
  'timeout',
  'memory_limit',
  'too_many_parts',
  'read_only',
  'replication',
  'overloaded',
] as const);

/** Null where waiting mends nothing. */
function passingProblem(error: unknown): string | null {
  if (!(error instanceof StorageError)) return null;
  const { code, clickhouseCode, cause, message } = error;
  if (code === 'forbidden') {
    return `${message} (are the tables there and up to date? "plimsoll migrate" makes them so, as a user who may)`;
  }
  if (passingCodes.has(code)) return message;
  if (code !== 'unreachable') return null;
  const answered = cause instanceof Error && 'code' in cause ? Number(cause.code) : clickhouseCode;
  return answered === authenticationFailed ? null : message;
}
