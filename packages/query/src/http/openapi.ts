import { z } from 'zod';
import { errorStatus } from './api-error.ts';
import type { Route } from './route.ts';

export type JsonObject = { [key: string]: unknown };

const errorBody = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string', enum: Object.keys(errorStatus) },
        message: { type: 'string' },
        position: { type: 'integer' },
        retry_after_seconds: { type: 'number' },
      },
    },
  },
};

/** OpenAPI 3.1, whose schemas are JSON Schema 2020-12: what zod writes. */
export function openApiDocument(
  routes: readonly Route[],
  options: { root: string; version: string; secured: boolean },
): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const route of routes) {
    const path = openApiPath(`${options.root}${route.path}`);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Plimsoll native API',
      version: options.version,
      description: 'Logs, metrics, leaks and limits of container fleets.',
    },
    paths,
    components: {
      schemas: { ApiError: errorBody },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
    security: options.secured ? [{ token: [] }] : [],
  };
}

/** `/hosts/:host/series` → `/hosts/{host}/series` */
function openApiPath(path: string): string {
  return path.replace(/:([a-z_]+)/g, '{$1}');
}

function operation(route: Route): JsonObject {
  const mediaType = route.produces === 'events' ? 'text/event-stream' : 'application/json';
  return {
    operationId: route.operation,
    summary: route.summary,
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(route.body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schemaOf(route.body, 'input') } },
      },
    }),
    responses: {
      200: {
        description: 'The answer.',
        content: { [mediaType]: { schema: schemaOf(route.response, 'output') } },
      },
      default: {
        description: 'What was expected, what came, what to do.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/ApiError' } } },
      },
    },
  };
}

function parameters(schema: z.ZodObject, place: 'path' | 'query'): JsonObject[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const { description, ...rest } = schemaOf(field as z.ZodType, 'input');
    const required = place === 'path' || !(field as z.ZodType).safeParse(undefined).success;
    return {
      name,
      in: place,
      required,
      schema: rest,
      ...(typeof description === 'string' && { description }),
    };
  });
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
