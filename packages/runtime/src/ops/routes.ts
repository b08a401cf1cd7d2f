import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Metrics } from '../metrics.ts';
import type { Health, HealthReport } from './health.ts';

export interface OpsOptions {
  health: Health;
  metrics: Metrics;
}

/**
 * `/healthz`, `/readyz` and `/metrics`: a fastify plugin for a server that is there already. Results
 * are JSON with every check by name; 503 when one fails.
 */
export async function opsRoutes(
  app: FastifyInstance,
  { health, metrics }: OpsOptions,
): Promise<void> {
  app.get('/healthz', async (_request, reply) => sendReport(reply, await health.alive()));
  app.get('/readyz', async (_request, reply) => sendReport(reply, await health.ready()));
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.render()),
  );
}

function sendReport(reply: FastifyReply, { ok, checks }: HealthReport): FastifyReply {
  return reply
    .code(ok ? 200 : 503)
    .header('cache-control', 'no-store')
    .send({ status: ok ? 'ok' : 'failing', checks });
}
