import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFrame, frameRows, hostLabels } from '@plimsoll/model';

const header = {
  tenant: 't',
  host: 'h',
  boot_id: 'b',
  collector_id: 'c',
  epoch: 1,
  sequence: 1,
  created_at_ms: 0,
};

describe('what a frame says that it holds', () => {
  test('is its rows', async () => {
    const frame = await encodeFrame(
      { kind: 'rows', header: { ...header, table: 'events', columns: ['a'], rows: 17 } },
      [Buffer.from('[1]\n'.repeat(17))],
    );
    expect(frameRows(frame)).toBe(17);
    expect(frameRows(frame.subarray(0, frame.length - 5))).toBe(17);
  });

  test('is the lines of its chunks', async () => {
    const source = {
      labels: hostLabels('t', 'h'),
      format: 'plain' as const,
      file_id: 'f',
      path: '/f',
      stream: '',
    };
    const chunks = [
      { source: 0, start: 0, end: 4, lines: 2 },
      { source: 0, start: 4, end: 10, lines: 3 },
    ];
    const parts = [Buffer.from('a\nb\nc\nd\ne\n')];
    const frame = await encodeFrame(
      { kind: 'logs', header: { ...header, sources: [source], chunks } },
      parts,
    );
    expect(frameRows(frame)).toBe(5);
  });

  test('is one where there is nothing to read', () => {
    expect(frameRows(Buffer.alloc(0))).toBe(1);
    expect(frameRows(Buffer.from('PLMF, but no frame at all'))).toBe(1);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const some = Buffer.concat([Buffer.from('PLMF'), Buffer.from(bytes)]);
        expect(frameRows(some)).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
