import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeJournalFile,
  encodeJournalFile,
  journalFileName,
  parseJournalFileName,
} from '../../src/direct/journal-file.ts';

test('any frames come back as they were', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 20 }),
      (arrays) => {
        const frames = arrays.map((array) => Buffer.from(array));
        const name = journalFileName(7, 7 + frames.length - 1);
        const decoded = decodeJournalFile(Buffer.concat(encodeJournalFile(frames)), name);
        expect(decoded).toEqual({ ok: true, frames });
      },
    ),
  );
});

test('any damage is seen, and no bytes make it throw', () => {
  const frames = [Buffer.from('one'), Buffer.from('two')];
  const whole = Buffer.concat(encodeJournalFile(frames));
  const anyByte = fc.nat(whole.length - 1);
  const anyChange = fc.integer({ min: 1, max: 255 });
  fc.assert(
    // Three bytes are reserved and mean nothing.
    fc.property(
      anyByte.filter((at) => at < 5 || at >= 8),
      anyChange,
      (at, change) => {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ change;
        expect(decodeJournalFile(bytes, journalFileName(0, 1))).toMatchObject({ ok: false });
        expect(decodeJournalFile(whole.subarray(0, at), journalFileName(0, 1))).toMatchObject({
          ok: false,
        });
      },
    ),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(decodeJournalFile(Buffer.from(bytes), journalFileName(0, 1)).ok).toBe(false);
    }),
  );
});

test('names hold the offsets, and sort as they do', () => {
  expect(parseJournalFileName(journalFileName(5, 12).name)).toEqual(journalFileName(5, 12));
  expect(journalFileName(9, 9).name < journalFileName(10, 10).name).toBe(true);
  for (const name of ['x', '1-2.batch', '0000000000000002-0000000000000001.batch', 'next-offset']) {
    expect(parseJournalFileName(name)).toBeNull();
  }
});
