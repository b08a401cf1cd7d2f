import { queryOptions } from '@tanstack/react-query';
import type { AlertList, FleetSummary, FleetTanks, HostSummary } from '@plimsoll/model/api';
import { apiGet } from './client.ts';

/** Samples come every 10 s; asking more often shows nothing new. */
export const refreshMs = 10_000;

export const fleetQuery = queryOptions({
  queryKey: ['fleet'],
  queryFn: ({ signal }) => apiGet<FleetSummary>('fleet', {}, signal),
  refetchInterval: refreshMs / 2,
});

export const tanksQuery = queryOptions({
  queryKey: ['fleet', 'tanks'],
  queryFn: ({ signal }) => apiGet<FleetTanks>('fleet/tanks', {}, signal),
  refetchInterval: refreshMs,
});

export const hostsQuery = queryOptions({
  queryKey: ['hosts'],
  queryFn: async ({ signal }) =>
    itemsOf(await apiGet<HostSummary[] | { items: HostSummary[] }>('hosts', {}, signal)),
  refetchInterval: refreshMs,
});

export const firingQuery = queryOptions({
  queryKey: ['alerts', 'firing'],
  queryFn: ({ signal }) => apiGet<AlertList>('alerts', { state: 'firing', limit: 1000 }, signal),
  refetchInterval: refreshMs,
});

/** A list comes bare or as a page. */
function itemsOf<T>(answer: T[] | { items: T[] }): T[] {
  return Array.isArray(answer) ? answer : answer.items;
}
