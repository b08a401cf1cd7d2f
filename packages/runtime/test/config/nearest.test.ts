import { expect, test } from 'vitest';
import { nearest } from '../../src/index.ts';

const known = ['port', 'host', 'flush_interval', 'start_at', 'resync_interval'];

test.each([
  ['prot', 'port'],
  ['Port', 'port'],
  ['ports', 'port'],
  ['flush_intervall', 'flush_interval'],
  ['sync_interval', 'resync_interval'],
])('%s most likely means %s', (typed, meant) => {
  expect(nearest(typed, known)).toBe(meant);
});

test.each(['frobnicate', '', 'x', 'begin'])('%j is like none of them', (typed) => {
  expect(nearest(typed, known)).toBeNull();
});
