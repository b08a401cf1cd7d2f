import { createServer } from 'node:net';
import fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { Health, ManualClock, Metrics, opsRoutes, OpsServer } from '../../src/index.ts';

async function mounted(health: Health, metrics = new Metrics()) {
  const app = fastify();
  await app.register(opsRoutes, { health, metrics });
  return app;
}

describe('ops routes', () => {
  test('name every check with its result and reason, 503 when one fails', async () => {
    const health = new Health();
    health.registerReady('storage', () => ({ ok: true }));
    health.registerReady('docker', () => ({ ok: false, reason: 'No answer on the socket.' }));
    const app = await mounted(health);
    const ready = await app.inject('/readyz');
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toEqual({
      status: 'failing',
      checks: [
        { name: 'storage', ok: true },
        { name: 'docker', ok: false, reason: 'No answer on the socket.' },
      ],
    });
    const alive = await app.inject('/healthz');
    expect([alive.statusCode, alive.json()]).toEqual([200, { status: 'ok', checks: [] }]);
  });

  test('a check that throws has failed with its reason', async () => {
    const health = new Health();
    health.registerAlive('storage', () => Promise.reject(new Error('connection refused')));
    const response = await (await mounted(health)).inject('/healthz');
    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({
      checks: [{ ok: false, reason: 'connection refused' }],
    });
  });

  test('a check that hangs has failed after 2 seconds, and its signal says so', async () => {
    const clock = new ManualClock();
    const health = new Health({ clock });
    let signal: AbortSignal | undefined;
    health.registerReady('storage', (given) => {
      signal = given;
      return new Promise(() => undefined);
    });
    const report = health.ready();
    await clock.advance(2000);
    expect((await report).checks[0]?.reason).toMatch(/within 2000 ms/);
    expect(signal?.aborted).toBe(true);
  });

  test('serve the metrics', async () => {
    const metrics = new Metrics();
    metrics.counter({ name: 'plimsoll_ingest_rows_total', help: 'Rows stored.' }).inc();
    const response = await (await mounted(new Health(), metrics)).inject('/metrics');
    expect(response.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(response.body).toContain('plimsoll_ingest_rows_total 1');
  });
});

describe('OpsServer', () => {
  const parts = { health: new Health(), metrics: new Metrics(), host: '127.0.0.1' };

  test('listens alone, and can be started and stopped twice', async () => {
    const server = new OpsServer({ ...parts, port: 0 });
    await server.start();
    await server.start();
    const response = await fetch(`${server.url}/readyz`);
    expect(await response.json()).toEqual({ status: 'ok', checks: [] });
    await server.stop();
    await server.stop();
    await expect(fetch(`${server.url}/readyz`)).rejects.toThrow('fetch failed');
  });

  test('says that a port is in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(new OpsServer({ ...parts, port }).start()).rejects.toMatchObject({
      code: 'port_in_use',
      message: `expected to listen on 127.0.0.1:${port}, but another process does`,
    });
    other.close();
  });

  test('says that an address is not of this host', async () => {
    const server = new OpsServer({ ...parts, host: '192.0.2.1', port: 0 });
    await expect(server.start()).rejects.toMatchObject({ code: 'address_unavailable' });
  });
});
