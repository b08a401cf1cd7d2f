import { describe, expect, test } from 'vitest';
import { configSchema, deepFreeze, silentLogger } from '@plimsoll/runtime';
import { createProcessContext } from '../../src/compose/process-context.ts';
import { composeRole, roles } from '../../src/compose/start-order.ts';

type Settings = Parameters<typeof configSchema.parse>[0];

const kafka = { transport: { mode: 'kafka' } };

function make(role: (typeof roles)[number], settings: Settings = {}) {
  const config = deepFreeze(configSchema.parse(settings));
  const context = createProcessContext({ role, config, version: '0', logger: silentLogger() });
  return { context, lifecycle: composeRole(role, context) };
}

const order = (...given: Parameters<typeof make>): string[] => make(...given).lifecycle.order();

describe('the start order', () => {
  test('of everything is written once', () => {
    expect(order('all')).toEqual([
      'data folder',
      'storage',
      'migrations',
      'journal',
      'dead letters',
      'ingest',
      'clickhouse http',
      'http',
      'alerting',
      'collector',
      'receivers',
    ]);
  });

  test('of everything over Kafka has publisher and subscriber in the place of the journal', () => {
    const overKafka = order('all', kafka).join(', ').replace('transport, subscriber', 'journal');
    expect(overKafka).toBe(order('all').join(', '));
  });

  test.each(roles)('of %s is a part of that of everything, so that one order holds', (role) => {
    const all = order('all');
    const positions = order(role)
      .filter((name) => name !== 'ops')
      .map((name) => all.indexOf(name));
    expect(positions).not.toContain(-1);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  });

  test.each(['collector', 'ingest', 'alerting', 'storage'] as const)(
    'of %s begins with its health, which says what it waits for',
    async (role) => {
      expect(order(role)[0]).toBe('ops');
      const report = await make(role).context.health.ready();
      expect(report).toEqual({
        ok: false,
        checks: [{ name: 'start', ok: false, reason: 'idle' }],
      });
    },
  );

  test('keeps nothing on the host of an ingest between Kafka and a server', () => {
    expect(order('ingest', kafka)).not.toContain('data folder');
    expect(order('ingest')).toContain('data folder');
  });

  test('leaves out what is switched off', () => {
    const settings = { clickhouse_http: { enabled: false }, receivers: { enabled: false } };
    expect(order('all', settings)).not.toEqual(expect.arrayContaining(['clickhouse http']));
    expect(order('all', settings)).not.toEqual(expect.arrayContaining(['receivers']));
  });
});
