import { expect, test } from 'vitest';
import { SequenceWindow } from '../../src/plan/sequence-window.ts';

const frame = (
  sequence: number,
  epoch = 1,
  collector = 'c',
): { collector_id: string; epoch: number; sequence: number } => ({
  collector_id: collector,
  epoch,
  sequence,
});

test('knows a frame again, by collector, epoch and sequence', () => {
  const window = new SequenceWindow();
  expect(window.has(frame(1))).toBe(false);
  window.add(frame(1));
  expect(window.has(frame(1))).toBe(true);
  expect(window.has(frame(2))).toBe(false);
  expect(window.has(frame(1, 2))).toBe(false);
  expect(window.has(frame(1, 1, 'd'))).toBe(false);
});

test('forgets the oldest beyond its limit and nothing else', () => {
  const window = new SequenceWindow();
  for (let sequence = 0; sequence < 5000; sequence++) window.add(frame(sequence));
  expect(window.has(frame(0))).toBe(false);
  expect(window.has(frame(4999))).toBe(true);
  expect(window.has(frame(4999 - 4095))).toBe(true);
});
