import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProcStat } from '../../../src/signals/daemon/proc-stat.ts';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20_260_131);
const tail =
  'S 1 4242 4242 0 -1 4194560 9090 77 3 1 1234 567 8 9 20 0 19 0 123456 2000000000 23000';

describe('/proc/<pid>/stat', () => {
  it('is read whatever the name of the program is', () => {
    for (const comm of ['dockerd', 'a b', '(sd-pam)', 'x) S 1 (y', '']) {
      expect(parseProcStat(`4242 (${comm}) ${tail}\n`)).toEqual({
        comm,
        parent: 1,
        cpuSeconds: 18.01,
        threads: 19,
        startTicks: 123_456,
      });
    }
  });

  it('of this process is read', () => {
    const stat = parseProcStat(readFileSync('/proc/self/stat', 'utf8'));
    expect(stat?.parent).toBe(process.ppid);
    expect(stat?.threads).toBeGreaterThan(1);
  });

  it.each(['', '1', '1 (a', '1 a) S 1', '1 (a) S', '1 (a) S x 1', `1 )(${tail}`])(
    'of another shape is none: %j',
    (text) => {
      expect(parseProcStat(text)).toBeUndefined();
    },
  );

  it('never makes the parser throw', () => {
    const piece = fc.constantFrom('(', ')', ' ', '1', '18446744073709551615', '-', 'S', '\n', 'é');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((all) => all.join('')),
        ),
        (text) => {
          const stat = parseProcStat(text);
          expect(stat === undefined || Number.isFinite(stat.cpuSeconds)).toBe(true);
        },
      ),
      { seed },
    );
  });
});
