import { queryOptions } from '@tanstack/react-query';
import type { ContainerDetail, ContainerSeries, EventPage } from '@plimsoll/model/api';
import { apiGet } from '../api/client.ts';
import { refreshMs } from '../api/fleet-queries.ts';
import type { ResolvedRange } from '../url/time-range.ts';

/** What a query needs to know of the page's range: a stable key, and the ends when it is asked. */
export interface QueryRange {
  key: string;
  live?: boolean;
  resolve: () => ResolvedRange;
}

export function containerQuery(id: string) {
  return queryOptions({
    queryKey: ['container', id],
    queryFn: ({ signal }) =>
      apiGet<ContainerDetail>(`containers/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: refreshMs,
  });
}

export interface TimedSeries extends ContainerSeries {
  range: ResolvedRange;
}

export function seriesQuery(id: string, range: QueryRange, points: number) {
  return queryOptions({
    queryKey: ['series', id, range.key, points],
    queryFn: async ({ signal }): Promise<TimedSeries> => {
      const ends = range.resolve();
      const answer = await apiGet<ContainerSeries>(
        `containers/${encodeURIComponent(id)}/series`,
        { ...ends, points },
        signal,
      );
      return { ...answer, range: ends };
    },
    refetchInterval: range.live === false ? false : refreshMs,
    // The old range stays in sight until the new one is here, but never another container's.
    placeholderData: (old, oldQuery) => (oldQuery?.queryKey[1] === id ? old : undefined),
  });
}

export function eventsQuery(filter: { container_id?: string; host?: string }, range: QueryRange) {
  const subject = filter.container_id ?? filter.host ?? '';
  return queryOptions({
    queryKey: ['events', subject, range.key],
    queryFn: ({ signal }) =>
      apiGet<EventPage>('events', { ...range.resolve(), ...filter, limit: 200 }, signal),
    refetchInterval: range.live === false ? false : refreshMs,
    placeholderData: (old, oldQuery) => (oldQuery?.queryKey[1] === subject ? old : undefined),
  });
}
