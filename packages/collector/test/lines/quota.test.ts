import { expect, test } from 'vitest';
import { Quota, TimeReader } from '../../src/lines/quota.ts';
import type { Withheld } from '../../src/lines/line-processor.ts';
import { makeProcessor, processAll, recordsOf } from './process-all.ts';

const line = (index: number, time: string): string =>
  `{"log":"line ${String(index).padStart(5, '0')}\\n","stream":"stdout","time":"${time}"}\n`;
const lineBytes = line(0, '2026-01-15T09:00:00.000Z').length;
const at = (seconds: number): string =>
  new Date(Date.UTC(2026, 0, 15, 9, 0, seconds)).toISOString();

test('a minute of the quota at once, then as much as it says, in whole lines', () => {
  const withheld: Withheld = { lines: 0, bytes: 0 };
  const processor = makeProcessor({
    quotaBytesPerSecond: lineBytes,
    onWithheld: ({ lines, bytes }) => {
      withheld.lines += lines;
      withheld.bytes += bytes;
    },
  });
  // Ten lines a second for two minutes.
  const lines = Array.from({ length: 1200 }, (_, index) => line(index, at(Math.floor(index / 10))));
  const chunks = processAll(processor, Buffer.from(lines.join('')), [12_345, 55_555]);
  const kept = recordsOf(chunks);
  // 60 at first, and one for each second but the first.
  expect(kept).toHaveLength(60 + 119);
  expect(kept.slice(0, 60).map(({ position }) => position / lineBytes)).toEqual(
    Array.from({ length: 60 }, (_, index) => index),
  );
  expect(withheld).toEqual({ lines: 1200 - 179, bytes: (1200 - 179) * lineBytes });
  expect(chunks.reduce((sum, { lines: count }) => sum + count, 0)).toBe(1200);
});

test('a log within its quota is kept as a whole, however fast it is read', () => {
  const processor = makeProcessor({
    quotaBytesPerSecond: 2 * lineBytes,
    onWithheld: () => {
      throw new Error('nothing is over the quota');
    },
  });
  const lines = Array.from({ length: 5000 }, (_, index) => line(index, at(index)));
  expect(recordsOf(processAll(processor, Buffer.from(lines.join(''))))).toHaveLength(5000);
});

test('a chunk of which all was withheld is empty, and covers its range', () => {
  const processor = makeProcessor({ quotaBytesPerSecond: 1 });
  const content = Buffer.from(line(1, at(0)));
  expect(processAll(processor, content)).toEqual([
    { start: 0, end: content.length, lines: 1, payload: Buffer.alloc(0) },
  ]);
});

test('what was not accepted counts nothing', () => {
  const told: Withheld[] = [];
  const processor = makeProcessor({
    quotaBytesPerSecond: lineBytes / 60,
    onWithheld: (withheld) => told.push(withheld),
  });
  const block = Buffer.from(line(1, at(0)) + line(2, at(0)));
  const context = { start: 0, isFinal: false, releases: false, nowMs: 0 };
  for (let time = 0; time < 3; time += 1) {
    expect(processor.process(block, context)).toMatchObject({ records: 1, lines: 2 });
  }
  processor.accept();
  processor.accept();
  expect(told).toEqual([{ lines: 1, bytes: lineBytes }]);
});

test('a clock set back by hours stops nothing, one a little late gives nothing', () => {
  const quota = new Quota(10);
  const level = quota.full();
  expect(quota.take(level, 600, 1_000_000)).toBe(true);
  expect(quota.take(level, 10, 999_000)).toBe(false);
  expect(quota.take(level, 10, 1_000_000)).toBe(false);
  expect(quota.take(level, 10, 1_001_000)).toBe(true);
  expect(quota.take(level, 10, 1000)).toBe(false);
  expect(quota.take(level, 10, 2000)).toBe(true);
  expect(quota.take(level, 1, NaN)).toBe(false);
});

test.each([
  '2026-01-15T09:00:59.999Z',
  '2026-01-15T09:01:00Z',
  '2026-01-15T10:00:00.5+01:00',
  '2025-12-31T23:59:59.123456789Z',
])('%s is read to the second', (time) => {
  const reader = new TimeReader();
  const bytes = Buffer.from(`xx${time}yy`);
  const read = reader.read(bytes, 2, 2 + time.length);
  expect(Math.floor(read / 1000)).toBe(Math.floor(Date.parse(time) / 1000));
});

test('what is no time is none', () => {
  const bytes = Buffer.from('not a time, by no means at all');
  expect(new TimeReader().read(bytes, 0, bytes.length)).toBeNaN();
});
