import { describe, expect, test } from 'vitest';
import { LookPace } from '../../src/tail/look-pace.ts';

const intervals = { pollIntervalMs: 100, maxPollIntervalMs: 1000 };

/** Looks at each time; `bytes` that are there to be read. */
function delaysOf(looks: { at: number; bytes: number; isChanged?: boolean }[]): number[] {
  const pace = new LookPace();
  return looks.map(({ at, bytes, isChanged = false }) => {
    pace.note({ isGrowing: bytes > 0, unreadBytes: bytes, isChanged, nowMs: at });
    return pace.chooseDelay(intervals);
  });
}

describe('when to look again', () => {
  test('what grew lately is looked at every poll interval', () => {
    const looks = [1000, 1100, 1200, 2000, 3000].map((at) => ({ at, bytes: at < 1150 ? 9 : 0 }));
    expect(delaysOf(looks).slice(2)).toEqual([100, 100, 100]);
  });

  test('what is idle is looked at ever more seldom, up to a limit', () => {
    const looks = Array.from({ length: 8 }, (_, index) => ({ at: 10_000 * index, bytes: 0 }));
    expect(delaysOf(looks).map(Math.round)).toEqual([100, 150, 225, 338, 506, 759, 1000, 1000]);
  });

  test('a flood is looked at often', () => {
    const looks = [
      { at: 10_000, bytes: 10 },
      { at: 10_100, bytes: 1_000_000 },
      { at: 10_200, bytes: 10 },
    ];
    expect(delaysOf(looks).slice(1)).toEqual([10, 100]);
  });

  test('what grows and has rotated may rotate again', () => {
    const looks = [
      { at: 1000, bytes: 10 },
      { at: 1100, bytes: 10, isChanged: true },
      { at: 1900, bytes: 10 },
      { at: 1950, bytes: 0 },
      { at: 2200, bytes: 10 },
    ];
    expect(delaysOf(looks).slice(1)).toEqual([10, 10, 100, 100]);
  });

  test('what was idle and grows may be a flood that begins', () => {
    const looks = [
      { at: 10_000, bytes: 0 },
      { at: 20_000, bytes: 5 },
      { at: 20_010, bytes: 0 },
      { at: 20_060, bytes: 5 },
    ];
    expect(delaysOf(looks).slice(1)).toEqual([10, 10, 100]);
  });

  test('a path that is not there does not keep the loop busy', () => {
    const looks = Array.from({ length: 9 }, (_, index) => ({
      at: 3000 * index,
      bytes: 0,
      isChanged: true,
    }));
    expect(delaysOf(looks).at(-1)).toBe(1000);
  });
});
