import { z } from 'zod';
import { loadAlerts } from '../alerts/load-alerts.ts';
import { loadRules } from '../alerts/load-rules.ts';
import { listEvents } from '../events/list-events.ts';
import { cursor, integer, name, names, resolveRange, time } from '../http/parameters.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { alertList } from '../schemas/alerts.ts';
import { eventKind, eventPage, eventSeverity } from '../schemas/events.ts';
import type { QueryServices } from './services.ts';

const dayMs = 86_400_000;
const alertStates = ['firing', 'pending', 'resolved'] as const;

export function eventRoutes({ context }: QueryServices): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/events',
      operation: 'listEvents',
      summary: 'What happened to containers, hosts and collectors, newest first.',
      query: z.strictObject({
        from: time.optional(),
        to: time.optional(),
        host: names.optional(),
        container_id: names.optional(),
        kind: z.array(eventKind).max(eventKind.options.length).optional(),
        severity: z.array(eventSeverity).max(3).optional(),
        limit: integer(1, 1000).optional(),
        cursor: cursor.optional(),
      }),
      response: eventPage,
      handler: async ({ query, signal }) =>
        listEvents(
          context,
          {
            ...resolveRange(query, context.now(), dayMs),
            host: query.host ?? [],
            container_id: query.container_id ?? [],
            kind: query.kind ?? [],
            severity: query.severity ?? [],
            limit: query.limit ?? 100,
            cursor: query.cursor,
          },
          signal,
        ),
    }),
    defineRoute({
      method: 'GET',
      path: '/alerts',
      operation: 'listAlerts',
      summary: 'Alerts by state, and the rules behind them.',
      query: z.strictObject({
        state: z.array(z.enum(alertStates)).max(3).optional(),
        rule: name.optional(),
        container_id: name.optional(),
        limit: integer(1, 5000).optional(),
      }),
      response: alertList,
      handler: async ({ query, signal }) => ({
        items: await loadAlerts(
          context,
          {
            states: query.state?.length ? query.state : alertStates,
            rule: query.rule,
            containerId: query.container_id,
            limit: query.limit ?? 500,
          },
          { signal },
        ),
        rules: await loadRules(context, { signal }),
      }),
    }),
  ];
}
