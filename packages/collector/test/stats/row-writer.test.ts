import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowWriter } from '../../src/stats/row-writer.ts';
import { jsonNumber } from '../../src/stats/rows.ts';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20_260_131);

describe('numbers as JSON', () => {
  it.each([
    [NaN, 'null'],
    [Infinity, '0'],
    [-Infinity, 'null'],
    [0, '0'],
    [4.603344377, '4.603344377'],
    [2 ** 53 + 2, '9007199254740994'],
    [2 ** 63, '9223372036854775808'],
    [2 ** 64, 'null'],
    [1e300, 'null'],
  ])('%d is %s', (value, expected) => {
    expect(jsonNumber(value)).toBe(expected);
    expect(written(value)).toBe(expected);
  });

  it('are written as bytes that read back as the same number', () => {
    const seconds = fc.bigInt(0n, 2n ** 60n).map((nanoseconds) => Number(nanoseconds) / 1e9);
    const any = fc.oneof(fc.double({ noNaN: true }), fc.maxSafeInteger(), seconds);
    fc.assert(
      fc.property(any, (value) => {
        expect(JSON.parse(written(value))).toEqual(JSON.parse(jsonNumber(value)));
      }),
      { seed, numRuns: 2000 },
    );
  });

  it('fill rows of any length and number', () => {
    const writer = new RowWriter();
    for (let row = 0; row < 1000; row++) {
      writer.add(
        { first: Buffer.from('"ä"'), rest: Buffer.from(`${row}`) },
        new Float64Array(100).fill(row / 8),
        100,
      );
    }
    expect(writer.rows).toBe(1000);
    const lines = writer.take().toString().trimEnd().split('\n');
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(
      Array.from({ length: 1000 }, (_, row) => [
        'ä',
        row,
        ...Array.from({ length: 100 }, () => row / 8),
      ]),
    );
    expect(writer.rows).toBe(0);
    expect(writer.take()).toHaveLength(0);
  });
});

/** One number as a row of its own has it. */
function written(value: number): string {
  const writer = new RowWriter();
  const zero = Buffer.from('0');
  writer.add({ first: zero, rest: zero }, Float64Array.of(value), 1);
  return writer.take().toString().slice('[0,0,'.length, -']\n'.length);
}
