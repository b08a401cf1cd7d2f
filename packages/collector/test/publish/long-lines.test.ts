import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasLineOf } from '../../src/publish/long-lines.ts';

const longest = (bytes: Buffer): number =>
  Math.max(
    ...bytes
      .toString('latin1')
      .split('\n')
      .map((line) => line.length),
  );

test('a line of the size is never overlooked, and short lines never suspected', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 60 }), fc.boolean(), (lengths, isEnded) => {
      const text = lengths.map((length) => 'x'.repeat(length)).join('\n') + (isEnded ? '\n' : '');
      const bytes = Buffer.from(text);
      const found = hasLineOf(bytes, 32);
      expect({ found, long: longest(bytes) >= 32 && !found }).toMatchObject({ long: false });
      expect({ found, short: longest(bytes) < 16 && found }).toMatchObject({ short: false });
    }),
    { numRuns: 2000 },
  );
});
