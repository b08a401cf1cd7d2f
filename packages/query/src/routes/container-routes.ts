import { z } from 'zod';
import { containerDetail } from '../containers/container-detail.ts';
import { listContainers } from '../containers/list-containers.ts';
import { cursor, integer, name, names, resolveRange } from '../http/parameters.ts';
import { defineRoute, type Route } from '../http/route.ts';
import * as schemas from '../schemas/containers.ts';
import { loadState } from '../schemas/shapes.ts';
import { containerSeries, loadSeries } from '../series/load-series.ts';
import { seriesQuery } from './fleet-routes.ts';
import type { QueryServices } from './services.ts';

const sorts = [
  'worst',
  'memory',
  'cpu',
  'throttled',
  'pids',
  'file_descriptors',
  'restarts',
  'name',
] as const;

const id = z.strictObject({ id: name.min(1) });

export function containerRoutes({ context, fleet }: QueryServices): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/containers',
      operation: 'listContainers',
      summary: 'Containers that run, or were seen within the last day, by any saturation.',
      query: z.strictObject({
        q: z.string().max(200).optional().meta({ description: 'Words of name, image, host, id.' }),
        host: names.optional(),
        image: names.optional(),
        service: names.optional(),
        state: z.array(loadState).max(4).optional(),
        sort: z.enum(sorts).optional(),
        order: z.enum(['asc', 'desc']).optional(),
        limit: integer(1, 1000).optional(),
        cursor: cursor.optional(),
      }),
      response: schemas.containerList,
      handler: async ({ query }) => {
        const sort = query.sort ?? 'worst';
        return listContainers(await fleet.get(), {
          q: query.q ?? '',
          host: query.host ?? [],
          image: query.image ?? [],
          service: query.service ?? [],
          state: query.state ?? [],
          sort,
          order: query.order ?? (sort === 'name' ? 'asc' : 'desc'),
          limit: query.limit ?? 100,
          cursor: query.cursor,
        });
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/containers/:id',
      operation: 'getContainer',
      summary: 'Everything known of one container, also after it is gone.',
      params: id,
      response: schemas.containerDetail,
      handler: async ({ params, signal }) =>
        containerDetail(context, { id: params.id, snapshot: await fleet.get() }, signal),
    }),
    defineRoute({
      method: 'GET',
      path: '/containers/:id/series',
      operation: 'getContainerSeries',
      summary: 'The values of one container over time.',
      params: id,
      query: seriesQuery,
      response: schemas.containerSeries,
      handler: async ({ params, query, signal }) => ({
        id: params.id,
        ...(await loadSeries(
          context,
          {
            table: containerSeries,
            where: 'container_id = {subject:String}',
            subject: params.id,
            ...resolveRange(query, context.now()),
            points: query.points ?? 300,
            names: query.names ?? [],
          },
          signal,
        )),
      }),
    }),
  ];
}
