/** Several processes of a fleet, each with its own connections, before one server. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@plimsoll/runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate, openEngine, type Engine } from '../../src/index.ts';
import { withMigrationLock } from '../../src/migrations/migration-lock.ts';
import { serveClickHouseHttp, type ClickHouseHttp } from '../support/clickhouse-http.ts';

let folder: string;
let http: ClickHouseHttp;
const engines: Engine[] = [];

async function openAnother(): Promise<Engine> {
  const engine = await openEngine({ mode: 'server', path: '', url: http.url, database: 'fleet' });
  engines.push(engine);
  return engine;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-lock-'));
  http = await serveClickHouseHttp(join(folder, 'engine'));
});
afterAll(async () => {
  for (const engine of engines) await engine.close();
  await http[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const logger = silentLogger();

test('replicas that start together carry out each statement once', async () => {
  const replicas = await Promise.all([openAnother(), openAnother(), openAnother()]);
  const results = await Promise.all(
    replicas.map((engine) => migrate(engine, { logger, retention: days(7) })),
  );
  const [statements] = await first(replicas).select<{ run: number; distinct: number }>(
    'SELECT count() AS run, uniqExact(version, statement) AS distinct FROM schema_migrations',
  );
  const run = results.reduce((sum, { statementsRun }) => sum + statementsRun, 0);
  expect([statements?.run, statements?.distinct]).toEqual([run, run]);
  expect(results.filter(({ statementsRun }) => statementsRun > 0)).toHaveLength(1);
}, 60_000);

test('where nothing is to be done nothing is changed: rights to read are enough', async () => {
  const engine = await openAnother();
  const from = http.requests.length;
  await migrate(engine, { logger, retention: days(7) });
  const queries = http.requests.slice(from).map(({ query }) => query.trimStart().slice(0, 6));
  expect(new Set(queries)).toEqual(new Set(['SELECT']));
});

test('is held by one at a time, whoever comes in between', async () => {
  const replicas = await Promise.all([openAnother(), openAnother(), openAnother()]);
  let inside = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    expect(inside).toBe(1);
    await sleep(20);
    expect(inside).toBe(1);
    inside -= 1;
  };
  const takeTwice = async (engine: Engine): Promise<void> => {
    for (let round = 0; round < 2; round++) {
      await withMigrationLock(engine, { logger, pollMs: 5 }, work);
    }
  };
  await Promise.all(replicas.map(takeTwice));
  const left = await first(replicas).select("SHOW TABLES LIKE 'migration_lock_%'");
  expect(left).toHaveLength(1);
}, 60_000);

test('of a process that died is taken over when its time is up, and a late one notices', async () => {
  const [dead, next] = [await openAnother(), await openAnother()];
  const taken = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const late = withMigrationLock(dead, { logger, leaseMs: 300 }, async (lock) => {
    taken.resolve();
    await over.promise;
    await lock.renew();
  });
  await taken.promise;
  await withMigrationLock(next, { logger, pollMs: 20 }, async (lock) => {
    over.resolve();
    await expect(late).rejects.toThrow(/has taken it over/);
    await lock.renew();
  });
});

test('is not waited for by a process that is told to stop', async () => {
  const [holder, waiting] = [await openAnother(), await openAnother()];
  const stop = new AbortController();
  await withMigrationLock(holder, { logger }, async () => {
    const options = { logger, signal: stop.signal };
    const wait = withMigrationLock(waiting, options, () => Promise.resolve());
    stop.abort(new Error('stopping'));
    await expect(wait).rejects.toThrow(/stopping|cancelled/);
  });
});

function days(count: number) {
  const age = count * 86_400_000;
  return {
    logs: age,
    container_stats: age,
    host_stats: age,
    events: age,
    alerts: age,
    samples: age,
  };
}

function first(found: readonly Engine[]): Engine {
  const [engine] = found;
  if (engine === undefined) throw new Error('expected an engine, got none');
  return engine;
}
