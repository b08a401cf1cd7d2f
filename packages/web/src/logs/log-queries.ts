import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { LogContext, LogFacets, LogHistogram, LogPage } from '@plimsoll/model/api';
import { apiGet } from '../api/client.ts';
import { refreshMs } from '../api/fleet-queries.ts';
import type { QueryRange } from '../container/container-queries.ts';
import type { ResolvedRange } from '../url/time-range.ts';
import { filterKey, requestParams, type LogFilter } from './log-filter.ts';

/** One request of the endless list: large enough to scroll in, small enough to come in a moment. */
const pageSize = 1000;
/** What the list keeps in memory at most; beyond it the reader is told to narrow the range. */
export const maxListLines = 200_000;
const contextLines = 30;

export function histogramQuery(filter: LogFilter, range: QueryRange, buckets: number) {
  return queryOptions({
    queryKey: ['logs', 'histogram', filterKey(filter), range.key, buckets],
    queryFn: ({ signal }) =>
      apiGet<LogHistogram>(
        'logs/histogram',
        { ...range.resolve(), ...requestParams(filter), buckets },
        signal,
      ),
    refetchInterval: range.live === false ? false : refreshMs,
    placeholderData: keepPreviousData,
  });
}

/** The newest few lines, read again as time goes on. */
export function logPageQuery(filter: LogFilter, range: QueryRange, limit: number) {
  return queryOptions({
    queryKey: ['logs', 'newest', filterKey(filter), range.key, limit],
    queryFn: ({ signal }) =>
      apiGet<LogPage>('logs', { ...range.resolve(), ...requestParams(filter), limit }, signal),
    refetchInterval: range.live === false ? false : refreshMs / 2,
    placeholderData: keepPreviousData,
  });
}

export interface ListPage extends LogPage {
  ends: ResolvedRange;
}

interface ListParam {
  cursor: string | undefined;
  ends: ResolvedRange | null;
}

const newestPage: ListParam = { cursor: undefined, ends: null };

/** The endless list. Its ends stand still from the first page on: new lines come by the tail. */
export function logListQuery(filter: LogFilter, range: QueryRange, generation: number) {
  return infiniteQueryOptions({
    queryKey: ['logs', 'list', filterKey(filter), range.key, generation],
    queryFn: async ({ signal, pageParam }): Promise<ListPage> => {
      const ends = pageParam.ends ?? range.resolve();
      const params = {
        ...ends,
        ...requestParams(filter),
        limit: pageSize,
        cursor: pageParam.cursor,
      };
      return { ...(await apiGet<LogPage>('logs', params, signal)), ends };
    },
    initialPageParam: newestPage,
    getNextPageParam: (last, pages): ListParam | null => {
      const count = pages.reduce((lines, page) => lines + page.items.length, 0);
      return last.next === null || count >= maxListLines
        ? null
        : { cursor: last.next, ends: last.ends };
    },
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    gcTime: 30_000,
  });
}

export function facetsQuery(filter: LogFilter, range: QueryRange) {
  return queryOptions({
    queryKey: ['logs', 'facets', filterKey(filter), range.key],
    queryFn: ({ signal }) =>
      apiGet<LogFacets>('logs/facets', { ...range.resolve(), ...requestParams(filter) }, signal),
    staleTime: 15_000,
    placeholderData: keepPreviousData,
  });
}

export function contextQuery(id: string) {
  return queryOptions({
    queryKey: ['logs', 'context', id],
    queryFn: ({ signal }) =>
      apiGet<LogContext>('logs/context', { id, before: contextLines, after: contextLines }, signal),
    staleTime: Infinity,
  });
}
