import { z } from 'zod';
import { find } from '../find/find.ts';
import { fleetTanks, summarizeFleet } from '../fleet/summary.ts';
import { listHosts } from '../hosts/list-hosts.ts';
import { integer, name, names, resolveRange, time } from '../http/parameters.ts';
import { defineRoute, type Route } from '../http/route.ts';
import * as schemas from '../schemas/fleet.ts';
import { hostSeries, loadSeries } from '../series/load-series.ts';
import type { QueryServices } from './services.ts';

export const seriesQuery = z.strictObject({
  from: time.optional(),
  to: time.optional(),
  points: integer(1, 2000).optional().meta({ description: 'Steps at most; 300 by default.' }),
  names: names.optional().meta({ description: 'Series wanted; all by default.' }),
});

export function fleetRoutes({ context, fleet }: QueryServices): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/fleet',
      operation: 'getFleet',
      summary: 'The fleet at a glance: load, causes, health of the pipeline.',
      response: schemas.fleetSummary,
      handler: async () =>
        summarizeFleet(await fleet.get(), {
          now: context.now(),
          deadLetters: context.status().deadLetters ?? 0,
        }),
    }),
    defineRoute({
      method: 'GET',
      path: '/fleet/tanks',
      operation: 'listTanks',
      summary: 'Every running container as the grid draws it, worst first.',
      response: schemas.fleetTanks,
      handler: async () => fleetTanks(await fleet.get()),
    }),
    defineRoute({
      method: 'GET',
      path: '/hosts',
      operation: 'listHosts',
      summary: 'Every host heard of within the last day.',
      response: schemas.hostList,
      handler: async () => ({ items: listHosts(await fleet.get()) }),
    }),
    defineRoute({
      method: 'GET',
      path: '/hosts/:host/series',
      operation: 'getHostSeries',
      summary: 'The values of one host over time.',
      params: z.strictObject({ host: name }),
      query: seriesQuery,
      response: schemas.hostSeries,
      handler: async ({ params, query, signal }) => ({
        host: params.host,
        ...(await loadSeries(
          context,
          {
            table: hostSeries,
            where: 'host = {subject:String}',
            subject: params.host,
            ...resolveRange(query, context.now()),
            points: query.points ?? 300,
            names: query.names ?? [],
          },
          signal,
        )),
      }),
    }),
    defineRoute({
      method: 'GET',
      path: '/find',
      operation: 'find',
      summary: 'Containers, services, images and hosts by name.',
      query: z.strictObject({ q: z.string().max(200) }),
      response: schemas.findResults,
      handler: async ({ query }) => find(await fleet.get(), query.q),
    }),
  ];
}
