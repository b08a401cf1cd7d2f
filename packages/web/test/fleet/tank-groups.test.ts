import { describe, expect, test } from 'vitest';
import type { FleetTank } from '@plimsoll/model/api';
import { groupTanks, levelOf } from '../../src/fleet/tank-groups.ts';
import { makeTanks } from '../mock/fleet-data.ts';

function tank(parts: Partial<FleetTank>): FleetTank {
  const [base] = makeTanks(1);
  if (base === undefined) throw new Error('the mock made no tank');
  return { ...base, state: 'within', why: '', ...parts };
}

describe('groups of tanks', () => {
  test('stand worst first, and so do the tanks in them', () => {
    const groups = groupTanks(
      [
        tank({ id: '1', service: 'calm', worst: 0.9 }),
        tank({ id: '2', service: 'bad', worst: 0.2 }),
        tank({ id: '3', service: 'bad', state: 'over', worst: 1, why: 'killed' }),
        tank({ id: '4', service: 'leaky', state: 'leaking', worst: 0.5, why: 'leaks' }),
      ],
      'service',
    );
    expect(groups.map((group) => group.key)).toEqual(['bad', 'leaky', 'calm']);
    expect(groups[0]?.tanks.map((item) => item.id)).toEqual(['3', '2']);
    expect(groups[0]?.note).toBe('1 of 2 · killed');
    expect(groups[1]?.note).toBe('leaks');
  });

  test('do not change places for a difference that nobody sees', () => {
    const first = groupTanks(
      [tank({ id: 'a', name: 'a', worst: 0.501 }), tank({ id: 'b', name: 'b', worst: 0.505 })],
      'service',
    );
    expect(first[0]?.tanks.map((item) => item.id)).toEqual(['a', 'b']);
  });

  test('have no ratio without a limit', () => {
    expect(levelOf(tank({ mem: 5, mem_limit: 0 }), 'memory').ratio).toBeNull();
    expect(levelOf(tank({ cpu: 0.25, cpu_limit: 0.5 }), 'cpu').ratio).toBe(0.5);
  });
});
