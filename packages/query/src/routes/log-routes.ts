import { z } from 'zod';
import { cursor, integer, names, resolveRange, severityList, time } from '../http/parameters.ts';
import { QueryError } from '../http/api-error.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { logContext } from '../logs/context.ts';
import { logFacets } from '../logs/facets.ts';
import { logHistogram } from '../logs/histogram.ts';
import type { LogFilter } from '../logs/log-filter.ts';
import { checkRegex } from '../logs/regex.ts';
import { searchLogs } from '../logs/search.ts';
import { startEventStream } from '../logs/event-stream.ts';
import { parseTextQuery } from '../logs/text-query.ts';
import * as schemas from '../schemas/logs.ts';
import type { QueryServices } from './services.ts';

const maxTerms = 32;

const filterShape = {
  q: z.string().max(1024).optional().meta({
    description:
      'Words that must occur, in any case; "a phrase"; -word must not occur; =word is a whole word as written, and quick.',
  }),
  regex: z.string().max(1024).optional().meta({ description: 'RE2.' }),
  container_id: names.optional(),
  container: names.optional(),
  service: names.optional(),
  image: names.optional(),
  host: names.optional(),
  stream: names.optional(),
  severity: severityList.optional(),
  from: time.optional(),
  to: time.optional(),
};

const filterQuery = z.strictObject(filterShape);

export function logRoutes({ context, tails }: QueryServices): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/logs',
      operation: 'searchLogs',
      summary: 'Log lines, newest first, in pages that go back in time.',
      query: z.strictObject({
        ...filterShape,
        limit: integer(1, 2000).optional(),
        cursor: cursor.optional(),
      }),
      response: schemas.logPage,
      handler: async ({ query, signal }) =>
        searchLogs(
          context,
          {
            filter: toFilter(query),
            ...resolveRange(query, context.now()),
            limit: query.limit ?? 200,
            cursor: query.cursor,
          },
          signal,
        ),
    }),
    defineRoute({
      method: 'GET',
      path: '/logs/histogram',
      operation: 'getLogHistogram',
      summary: 'Log lines by time and severity.',
      query: z.strictObject({ ...filterShape, buckets: integer(1, 500).optional() }),
      response: schemas.logHistogram,
      handler: async ({ query, signal }) =>
        logHistogram(
          context,
          {
            filter: toFilter(query),
            ...resolveRange(query, context.now()),
            buckets: query.buckets ?? 60,
          },
          signal,
        ),
    }),
    defineRoute({
      method: 'GET',
      path: '/logs/facets',
      operation: 'getLogFacets',
      summary: 'The most frequent labels of the lines that match.',
      query: filterQuery,
      response: schemas.logFacets,
      handler: async ({ query, signal }) =>
        logFacets(
          context,
          { filter: toFilter(query), ...resolveRange(query, context.now()) },
          signal,
        ),
    }),
    defineRoute({
      method: 'GET',
      path: '/logs/context',
      operation: 'getLogContext',
      summary: 'The lines around one line, as its file has them.',
      query: z.strictObject({
        id: cursor,
        before: integer(0, 1000).optional(),
        after: integer(0, 1000).optional(),
      }),
      response: schemas.logContext,
      handler: async ({ query, signal }) =>
        logContext(
          context,
          { id: query.id, before: query.before ?? 20, after: query.after ?? 20 },
          signal,
        ),
    }),
    defineRoute({
      method: 'GET',
      path: '/logs/tail',
      operation: 'tailLogs',
      summary: 'Log lines as they arrive; one JSON message per event.',
      // The page sends one set of parameters everywhere; a tail has no range.
      query: filterQuery,
      response: schemas.logTailMessage,
      produces: 'events',
      handler: async ({ query, signal, reply }) => {
        const filter = toFilter(query);
        tails.checkRoom();
        const sink = startEventStream(reply);
        tails.follow(filter, sink, signal);
        return undefined;
      },
    }),
  ];
}

/** @throws {QueryError} `invalid_regex`, or `invalid_parameter` for too many words. */
function toFilter(query: z.output<typeof filterQuery>): LogFilter {
  const text = parseTextQuery(query.q ?? '');
  const terms = text.include.length + text.exclude.length + text.words.length;
  if (terms > maxTerms) {
    throw new QueryError(
      'invalid_parameter',
      `q: expected at most ${maxTerms} words, got ${terms}; put quotes around a phrase`,
    );
  }
  const regex = query.regex === undefined || query.regex === '' ? null : query.regex;
  if (regex !== null) checkRegex(regex);
  return {
    text,
    regex,
    container_id: query.container_id ?? [],
    container: query.container ?? [],
    service: query.service ?? [],
    image: query.image ?? [],
    host: query.host ?? [],
    stream: query.stream ?? [],
    severity: query.severity ?? [],
  };
}
