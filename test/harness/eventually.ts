import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Tries until the check returns something other than undefined, null or false.
 *
 * @throws after `deadlineMs` with what was waited for and the last error.
 */
export async function eventually<T>(
  what: string,
  deadlineMs: number,
  check: () => Promise<T | undefined | null | false>,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  let last: unknown = 'nothing yet';
  while (performance.now() < deadline) {
    try {
      const value = await check();
      if (value !== undefined && value !== null && value !== false) return value;
    } catch (error) {
      last = error;
    }
    await sleep(250);
  }
  throw new Error(`waited ${deadlineMs} ms for ${what}; last: ${String(last)}`);
}
