import { describe, expect, test } from 'vitest';
import type { LogEntry, LogPage } from '@plimsoll/model/api';
import { indexLines, maxLiveLines, noLiveLines, takeLines } from '../../src/logs/line-model.ts';

function line(number: number): LogEntry {
  return {
    id: `l${number}`,
    time_ns: String(1_700_000_000_000_000_000n + BigInt(number)),
    time: 1_700_000_000_000,
    host: '',
    container_id: '',
    container: '',
    image: '',
    service: '',
    stream: 'stdout',
    severity: '',
    message: String(number),
    message_raw: null,
  };
}

const none: ReadonlySet<string> = new Set();

describe('live lines', () => {
  test('stand newest first, whatever order they came in', () => {
    const live = takeLines(noLiveLines, [line(1), line(3), line(2)], none);
    expect(live.lines.map((item) => item.message)).toEqual(['3', '2', '1']);
  });

  test('are each shown once, also when the list below has them', () => {
    const live = takeLines(noLiveLines, [line(1), line(2)], new Set(['l1']));
    const again = takeLines(live, [line(2), line(3), line(3)], none);
    expect(again.lines.map((item) => item.message)).toEqual(['3', '2']);
  });

  test('that change nothing keep the same list, so that nothing is drawn again', () => {
    const live = takeLines(noLiveLines, [line(1)], none);
    expect(takeLines(live, [line(1)], none)).toBe(live);
  });

  test('beyond the limit are given up, and say so', () => {
    const many = Array.from({ length: maxLiveLines + 1 }, (_, index) => line(index));
    const live = takeLines(noLiveLines, many, none);
    expect(live).toEqual({ lines: [], overflowed: true });
    expect(takeLines(live, [line(1)], none)).toBe(live);
  });
});

describe('the numbering of lines', () => {
  test('runs through live lines and pages without a gap', () => {
    const page = (numbers: number[]): LogPage => ({
      items: numbers.map(line),
      next: null,
      scanned_rows: 0,
      elapsed_ms: 0,
    });
    const index = indexLines([line(9), line(8)], [page([7, 6]), page([]), page([5])]);
    expect(index.count).toBe(5);
    expect([0, 1, 2, 3, 4, 5].map((at) => index.at(at)?.message)).toEqual([
      '9',
      '8',
      '7',
      '6',
      '5',
      undefined,
    ]);
  });

  test('finds a line among 100,000 without copying them', () => {
    const pages = Array.from({ length: 100 }, (_, page): LogPage => ({
      items: Array.from({ length: 1000 }, (_unused, at) => line(page * 1000 + at)),
      next: null,
      scanned_rows: 0,
      elapsed_ms: 0,
    }));
    const index = indexLines([], pages);
    expect(index.count).toBe(100_000);
    expect(index.at(54_321)?.id).toBe('l54321');
  });
});
