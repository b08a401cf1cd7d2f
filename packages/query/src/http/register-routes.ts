import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { QueryContext } from '../query-context.ts';
import { checkOrigin, checkToken } from './access.ts';
import { QueryError } from './api-error.ts';
import { compressAnswer } from './compress.ts';
import type { Route } from './route.ts';
import { dataPolicy } from './security-headers.ts';

/** Adds the routes below `root`, behind the token. */
export async function registerRoutes(
  app: FastifyInstance,
  routes: readonly Route[],
  options: { root: string; context: QueryContext },
): Promise<void> {
  const { context, root } = options;
  await app.register(
    async (api) => {
      api.addHook('onRequest', async (request, reply) => {
        reply.header('content-security-policy', dataPolicy).header('cache-control', 'no-store');
        checkOrigin(request.headers);
        checkToken(request.headers, context.config.http.token);
      });
      api.addHook('onSend', compressAnswer);
      for (const route of routes) {
        api.route({
          method: route.method,
          url: route.path,
          handler: async (request, reply) => handle(route, request, reply),
        });
      }
    },
    { prefix: root },
  );
  app.addHook('onResponse', async (request, reply) => {
    context.metrics.request({
      // The pattern, never the path: a container id is no label value.
      route: request.routeOptions.url ?? 'page',
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    });
  });

  async function handle(
    route: Route,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<unknown> {
    const answer = await route.invoke({
      search: request.url.split('?').slice(1).join('?'),
      params: request.params,
      body: request.body,
      signal: clientSignal(reply, () => context.metrics.cancelled(route.path)),
      reply,
    });
    return route.produces === 'events' ? reply : answer;
  }
}

/** Fires when the client leaves before the answer is complete: then nobody needs it any more. */
function clientSignal(reply: FastifyReply, onCancel: () => void): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (reply.raw.writableFinished) return;
    onCancel();
    controller.abort(new QueryError('cancelled', 'the client left'));
  });
  return controller.signal;
}
