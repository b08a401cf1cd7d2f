import { describe, expect, test } from 'vitest';
import { configSchema, deepFreeze, silentLogger } from '@plimsoll/runtime';
import { createProcessContext } from '../../src/compose/process-context.ts';
import { composeRole, roles } from '../../src/compose/start-order.ts';

function order(role: (typeof roles)[number]): string[] {
  const config = deepFreeze(configSchema.parse({}));
  const context = createProcessContext({ role, config, version: '0', logger: silentLogger() });
  return composeRole(role, context).order();
}

describe('the start order', () => {
  test('of everything is written once', () => {
    expect(order('all')).toEqual([
      'data folder',
      'storage',
      'migrations',
      'transport',
      'ingest',
      'http',
      'alerting',
      'collector',
    ]);
  });

  test.each(roles)('of %s is a part of that of everything, so that one order holds', (role) => {
    const all = order('all').map((name) => (name === 'http' ? 'ops' : name));
    const positions = order(role).map((name) => all.indexOf(name === 'http' ? 'ops' : name));
    expect(positions).not.toContain(-1);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  });
});
