import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { serve } from './support/serve.ts';

test('stopping cancels reads, lets inserts end and closes what is open', async () => {
  const served = await serve();
  await served.engine.command('CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a');
  const query = served.ask('SELECT sum(cityHash64(number)) FROM numbers(1000000000000)');
  const insert = served.ask('INSERT INTO t SELECT number FROM numbers(3000000)', {
    user: 'ingest',
  });
  await expect.poll(() => sleep(20).then(async () => running(served))).toBe(2);
  const started = performance.now();
  await served.http.stop();
  expect(performance.now() - started).toBeLessThan(5_000);
  expect((await query).headers.get('x-clickhouse-exception-code')).toBe('394');
  expect(served.http.health()).toEqual({ ok: false, reason: 'it is stopping' });
  expect((await insert).status).toBe(200);
  expect(await served.engine.select('SELECT count() AS n FROM t')).toEqual([{ n: 3_000_000 }]);
  await served.http.stop();
  await served[Symbol.asyncDispose]();
});

async function running({ engine }: Awaited<ReturnType<typeof serve>>): Promise<number> {
  const found = await engine.select<{ n: number }>(
    "SELECT count() AS n FROM system.processes WHERE query LIKE '/* plimsoll:http%'",
  );
  return found[0]?.n ?? 0;
}
