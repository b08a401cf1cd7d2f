import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { duration, formatQuantity, size } from '../../src/config/quantity.ts';

describe('a quantity', () => {
  test.each([
    ['500ms', 500],
    ['5s', 5000],
    ['1.5h', 5_400_000],
    ['14d', 1_209_600_000],
    ['0', 0],
    [0, 0],
  ])('%s is a duration', (text, ms) => {
    expect(duration.parse(text)).toBe(ms);
  });

  test.each(['5', '5 sec', '-1s', '1e3ms', 's', '', '1h30m', 5])('%s is no duration', (text) => {
    expect(duration.safeParse(text).success).toBe(false);
  });

  test.each([
    ['64KiB', 65_536],
    ['8 MiB', 8_388_608],
    ['1B', 1],
  ])('%s is a size', (text, bytes) => {
    expect(size.parse(text)).toBe(bytes);
  });

  test.each(['8MB', '8', '8mib', 'MiB'])('%s is no size', (text) => {
    expect(size.safeParse(text).success).toBe(false);
  });

  test('is read back from its own text without loss', () => {
    fc.assert(
      fc.property(fc.nat(), (value) => {
        expect(duration.parse(formatQuantity(value, 'duration'))).toBe(value);
        expect(size.parse(formatQuantity(value, 'size'))).toBe(value);
      }),
    );
  });
});
