import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, loadConfig, PlimsollError } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import { expect, test } from 'vitest';
import { AccessReport } from '../../src/compose/access-report.ts';
import { createAgentContext } from '../../src/compose/agent-context.ts';
import { makeCollector } from '../../src/compose/collector.ts';
import { reloader } from '../../src/compose/reload.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-reload-'));

function configOf(collector: object, rest: object = {}): Config {
  const file = join(folder, 'plimsoll.yaml');
  writeFileSync(file, JSON.stringify({ data_dir: folder, collector, ...rest }));
  const result = loadConfig({ file, env: {}, cwd: folder });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

/** A collector that is not running: what a reload makes of one that is, is the collector's own. */
function world(load: () => Config) {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({
    format: 'json',
    destination: { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
  });
  const config = configOf({ host: 'a', docker: { enabled: false } });
  const context = createAgentContext({ role: 'collector', config, version: '0', logger });
  context.publisher.set({ publish: () => Promise.resolve() });
  context.collector.set(makeCollector(context));
  const check = () => Promise.resolve([]);
  context.access.set(
    new AccessReport({ config: config.collector, dataDir: folder, logger, check }),
  );
  return { context, lines, reload: reloader(context, load) };
}

test('a new collector section is taken, and other sections wait for the next start', async () => {
  const next = configOf({ host: 'b' }, { http: { port: 1234 } });
  const { lines, reload, context } = world(() => next);
  await reload();
  expect(lines).toMatchObject([
    { changed: expect.arrayContaining(['collector', 'http']) as unknown },
    { level: 'warn', sections: ['http'], msg: 'These sections take effect at the next start.' },
  ]);
  await reload();
  expect(lines.slice(2)).toMatchObject([{ changed: ['http'] }, { sections: ['http'] }]);
  expect(await context.metrics.render()).toContain(
    'plimsoll_process_reloads_total{result="applied"} 2',
  );
});

test('a configuration that is not valid changes nothing and says what is wrong', async () => {
  const { lines, reload, context } = world(() => {
    const hint = 'plimsoll.yaml:1: collector: wrong\n  plimsoll.yaml:2: http: wrong';
    throw new PlimsollError('config_invalid', 'the configuration has 2 problems', { hint });
  });
  await reload();
  expect(lines).toMatchObject([
    {
      level: 'error',
      reason: 'the configuration has 2 problems',
      problems: ['plimsoll.yaml:1: collector: wrong', 'plimsoll.yaml:2: http: wrong'],
    },
  ]);
  expect(await context.metrics.render()).toContain(
    'plimsoll_process_reloads_total{result="refused"} 1',
  );
});
