import { expect, test } from 'vitest';
import { Generations } from '../../src/metrics/generations.ts';

test('never holds more than it may, and keeps what is asked for', () => {
  const memory = new Generations<number, string>(100);
  memory.set(-1, 'kept');
  for (let key = 0; key < 1000; key += 1) {
    memory.set(key, String(key));
    expect(memory.get(-1)).toBe('kept');
    expect(memory.size).toBeLessThanOrEqual(100);
  }
  expect(memory.get(999)).toBe('999');
  expect(memory.get(1)).toBeUndefined();
});
