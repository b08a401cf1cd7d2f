/**
 * The lease of an insert, as the engine can hold it against its own clock: the setting `log_comment`
 * with the text `lease <milliseconds since 1970>`, which the constraint `lease` of each table reads
 * (migrations/0007_delivery.sql). Any other comment, and none, is no lease.
 */
import { StorageError } from './storage-error.ts';

/** What an engine's clock shows, in milliseconds since 1970, when this process's monotonic clock shows `monotonicMs`. */
export type EngineClock = (monotonicMs: number) => number;

/** Of an engine in this process: there is one clock. */
export const hostClockMs: EngineClock = (monotonicMs) =>
  Date.now() + (monotonicMs - performance.now());

/**
 * @param notAfterMs by `performance.now()`
 * @throws {StorageError} `lease_expired` when there is no need to ask the engine
 */
export function leaseComment(
  notAfterMs: number | undefined,
  clock: EngineClock,
): string | undefined {
  if (notAfterMs === undefined) return undefined;
  const leftMs = notAfterMs - performance.now();
  if (leftMs <= 0) {
    throw new StorageError(
      'lease_expired',
      `expected an insert before its lease ends, got one ${Math.ceil(-leftMs)} ms after it; renew the lease`,
    );
  }
  return `lease ${Math.floor(clock(notAfterMs))}`;
}
