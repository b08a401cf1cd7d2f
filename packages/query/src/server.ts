import type { Config, Logger, Metrics } from '@plimsoll/runtime';
import type { Engine } from '@plimsoll/storage';
import fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { FleetSnapshots } from './fleet/snapshot.ts';
import { checkHost } from './http/access.ts';
import { sendError } from './http/error-handler.ts';
import { openApiDocument } from './http/openapi.ts';
import { createQueryMetrics } from './http/query-metrics.ts';
import { registerRoutes } from './http/register-routes.ts';
import { defineRoute, type Route } from './http/route.ts';
import { securityHeaders } from './http/security-headers.ts';
import { registerStaticFiles } from './http/static-files.ts';
import { TailHub } from './logs/tail-hub.ts';
import type { ProcessStatus } from './process-status.ts';
import type { QueryContext } from './query-context.ts';
import { containerRoutes } from './routes/container-routes.ts';
import { eventRoutes } from './routes/event-routes.ts';
import { fleetRoutes } from './routes/fleet-routes.ts';
import { logRoutes } from './routes/log-routes.ts';
import type { QueryServices } from './routes/services.ts';
import { sqlRoutes } from './routes/sql-routes.ts';
import { SqlRunner } from './sql/run-sql.ts';

export interface QueryServerOptions {
  engine: Engine;
  config: Config;
  logger: Logger;
  metrics: Metrics;
  /** Folder of the built page; it may be missing. */
  webRoot: string;
  /** What other roles of this process know; asked on each request that shows it. */
  status?: () => ProcessStatus;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** For the OpenAPI document. */
  version?: string;
}

export const apiRoot = '/api/plimsoll/v1';
const maxBodyBytes = 256 * 1024;
const maxPathParameter = 2048;

/** The read side, not yet listening. Closing it ends live tails and cancels what is under way. */
export async function createQueryServer(options: QueryServerOptions): Promise<FastifyInstance> {
  const context: QueryContext = {
    engine: options.engine,
    config: options.config,
    logger: options.logger,
    metrics: createQueryMetrics(options.metrics),
    status: options.status ?? (() => ({})),
    now: options.now ?? (() => Date.now()),
  };
  const services: QueryServices = {
    context,
    fleet: new FleetSnapshots(context),
    tails: new TailHub(context),
    sql: new SqlRunner(context),
  };
  const app = fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: maxPathParameter, ignoreTrailingSlash: true },
    frameworkErrors: (error, request, reply) => {
      sendError(error, { request, reply }, options.logger);
    },
  });
  // Only JSON bodies: any other type could be sent by a form of another site.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler(async (error, request, reply) =>
    sendError(error, { request, reply }, options.logger),
  );
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    checkHost(request.headers, options.config.http.host);
  });
  app.addHook('preClose', async () => services.tails.stop());
  await registerRoutes(app, withOpenApi(apiRoutes(services), options), { root: apiRoot, context });
  await registerStaticFiles(app, {
    webRoot: options.webRoot,
    isApi: (path) => path === '/api' || path.startsWith('/api/'),
  });
  return app;
}

/** The native API, without the document about it. */
function apiRoutes(services: QueryServices): Route[] {
  return [
    ...fleetRoutes(services),
    ...containerRoutes(services),
    ...logRoutes(services),
    ...eventRoutes(services),
    ...sqlRoutes(services),
  ];
}

function withOpenApi(
  routes: readonly Route[],
  options: Pick<QueryServerOptions, 'config' | 'version'>,
): Route[] {
  const own = defineRoute({
    method: 'GET',
    path: '/openapi.json',
    operation: 'getOpenApi',
    summary: 'This API as an OpenAPI 3.1 document.',
    response: z.record(z.string(), z.unknown()),
    handler: async () => document,
  });
  const all = [...routes, own];
  const document = openApiDocument(all, {
    root: apiRoot,
    version: options.version ?? '0.1.0',
    secured: options.config.http.token !== undefined,
  });
  return all;
}
