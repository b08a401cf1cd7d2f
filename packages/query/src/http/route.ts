/**
 * A route is data: its schemas are what a request is checked against and what the OpenAPI
 * document says, so the two cannot differ.
 */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { parseBody, parsePath, parseSearch } from './parse-request.ts';

export interface RawRequest {
  /** Query string without the question mark. */
  search: string;
  params: unknown;
  body: unknown;
  /** Aborted when the client leaves before the answer is complete. */
  signal: AbortSignal;
  reply: FastifyReply;
}

export interface Route {
  method: 'GET' | 'POST';
  /** In fastify's notation, below the API's root: `/hosts/:host/series`. */
  path: string;
  operation: string;
  summary: string;
  query: z.ZodObject;
  params: z.ZodObject;
  body: z.ZodObject | null;
  response: z.ZodType;
  /** `events`: server-sent events; the handler has taken over the socket. */
  produces: 'json' | 'events';
  invoke(raw: RawRequest): Promise<unknown>;
}

const nothing = z.strictObject({});
type Nothing = typeof nothing;

interface RouteDefinition<
  Query extends z.ZodObject,
  Params extends z.ZodObject,
  Body extends z.ZodObject,
  Response extends z.ZodType,
> {
  method: 'GET' | 'POST';
  path: string;
  operation: string;
  summary: string;
  query?: Query;
  params?: Params;
  body?: Body;
  response: Response;
  produces?: 'json' | 'events';
  handler(request: {
    query: z.output<Query>;
    params: z.output<Params>;
    body: z.output<Body>;
    signal: AbortSignal;
    reply: FastifyReply;
  }): Promise<z.input<Response> | undefined>;
}

export function defineRoute<
  Query extends z.ZodObject = Nothing,
  Params extends z.ZodObject = Nothing,
  Body extends z.ZodObject = Nothing,
  Response extends z.ZodType = z.ZodType,
>(definition: RouteDefinition<Query, Params, Body, Response>): Route {
  const { query, params, body } = definition;
  return {
    method: definition.method,
    path: definition.path,
    operation: definition.operation,
    summary: definition.summary,
    query: query ?? nothing,
    params: params ?? nothing,
    body: body ?? null,
    response: definition.response,
    produces: definition.produces ?? 'json',
    invoke: async (raw) =>
      await definition.handler({
        // A definition without a schema has Nothing as its type, and an empty object fits that.
        query: parseSearch(raw.search, query ?? nothing) as z.output<Query>,
        params: (params ? parsePath(raw.params, params) : {}) as z.output<Params>,
        body: (body ? parseBody(raw.body, body) : {}) as z.output<Body>,
        signal: raw.signal,
        reply: raw.reply,
      }),
  };
}
