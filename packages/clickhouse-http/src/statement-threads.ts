import type { Config } from '@plimsoll/runtime';

/** Statements of the engine itself, files, DNS and compression. */
const otherThreads = 18;

/**
 * Threads of libuv's pool (`UV_THREADPOOL_SIZE`) that a process needs which serves the interface:
 * each statement occupies one until it ends, also while its client does not take the result.
 */
export function statementThreads({ limits }: Config['clickhouse_http']): number {
  return limits.max_queries + limits.max_inserts + commandPlaces + otherThreads;
}

/** DDL at once. */
export const commandPlaces = 2;
