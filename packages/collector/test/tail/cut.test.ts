import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutBlock, type CutOptions } from '../../src/tail/cut.ts';

const limits = { maxChunkBytes: 4096, maxRecordBytes: 16_384 };
const waiting = { ...limits, isFinal: false, releasesParts: false };

function docker(log: string, stream = 'stdout', rest = ''): string {
  return `{"log":${JSON.stringify(log)},"stream":"${stream}"${rest},"time":"2026-01-01T00:00:00Z"}\n`;
}

const whole = docker('whole\n');
const part = docker('part without an end');
const last = docker('last part\n');

interface Case {
  title: string;
  format?: CutOptions['format'];
  /** What is cut off, as lines; the rest of the block waits. */
  cut: string;
  rest?: string;
  lines?: number;
  isFinal?: boolean;
  releasesParts?: boolean;
}

const cases: Case[] = [
  { title: 'plain: nothing of nothing', format: 'plain', cut: '' },
  { title: 'plain: up to the last newline', format: 'plain', cut: 'a\nb\n', rest: 'c', lines: 2 },
  { title: 'plain: a line without its newline waits', format: 'plain', cut: '', rest: 'abc' },
  { title: 'plain: what is final needs no newline', format: 'plain', cut: 'abc', isFinal: true },
  {
    title: 'plain: NUL and bytes that are no UTF-8',
    format: 'plain',
    cut: '\0\xff\n\xfe\n',
    rest: '\xc3',
    lines: 2,
  },
  { title: 'plain: empty lines', format: 'plain', cut: '\n\n\n', lines: 3 },
  { title: 'docker: whole lines', cut: whole + whole, lines: 2 },
  { title: 'docker: half a line waits', cut: whole, rest: '{"log":"ha', lines: 1 },
  { title: 'docker: a part waits for its last part', cut: whole, rest: part, lines: 1 },
  { title: 'docker: parts and the last part are one record', cut: part + part + last, lines: 3 },
  { title: 'docker: only parts wait', cut: '', rest: part + part },
  {
    title: 'docker: parts that waited long enough are let go',
    cut: part + part,
    lines: 2,
    releasesParts: true,
  },
  { title: 'docker: parts of a final file are let go', cut: part, lines: 1, isFinal: true },
  {
    title: 'docker: complete records first, also when final',
    cut: whole,
    rest: part,
    lines: 1,
    isFinal: true,
  },
  {
    title: 'docker: an escaped backslash before n is no newline',
    cut: whole,
    rest: docker('path C:\\n'),
    lines: 1,
  },
  { title: 'docker: a backslash before a newline', cut: docker('path C:\\\n'), lines: 1 },
  {
    title: 'docker: attributes between stream and time',
    cut: docker('x\n', 'stdout', ',"attrs":{"tag":"a","stream":"b"}'),
    lines: 1,
  },
  {
    title: 'docker: a part with attributes',
    cut: '',
    rest: docker('x', 'stdout', ',"attrs":{"tag":"a\\n","stream":"b"}'),
  },
  {
    title: 'docker: the words within log do not count',
    cut: docker('he said ","stream":"stdout" \\n'.concat('\n')),
    lines: 1,
  },
  { title: 'docker: an empty message', cut: docker('\n'), lines: 1 },
  {
    title: 'docker: a broken line is a record by itself',
    cut: '{"log":"abc\nnot json\n\0\xff\n',
    lines: 3,
  },
  { title: 'docker: a broken line behind a part ends it', cut: `${part}broken\n`, lines: 2 },
];

describe('the cut rule', () => {
  test.each(cases)('$title', ({ format = 'docker-json', cut, rest = '', lines = 0, ...given }) => {
    const block = Buffer.from(cut + rest, 'latin1');
    const got = cutBlock(block, { ...waiting, ...given, format });
    expect(block.subarray(0, got.bytes).toString('latin1')).toBe(cut);
    expect(got.lines).toBe(lines);
  });

  test('docker: parts of two streams may alternate and are not cut apart', () => {
    const longPart = docker('o'.repeat(9000), 'stdout');
    const block = Buffer.from(longPart + docker('err\n', 'stderr') + docker('end\n') + longPart);
    const options = {
      ...waiting,
      format: 'docker-json' as const,
      maxChunkBytes: 1 << 20,
      maxRecordBytes: 1 << 20,
    };
    const got = cutBlock(block, options);
    expect(got).toEqual({ bytes: block.length - longPart.length, lines: 3 });
  });

  test('a line of the longest record is cut there, and so bounded', () => {
    const block = Buffer.alloc(limits.maxRecordBytes, 'x');
    for (const format of ['plain', 'docker-json'] as const) {
      expect(cutBlock(block, { ...waiting, format })).toEqual({ bytes: block.length, lines: 0 });
      expect(cutBlock(block.subarray(1), { ...waiting, format }).bytes).toBe(0);
    }
  });

  test('docker: parts without end are cut at a part boundary when they reach the limit', () => {
    const parts = part.repeat(Math.ceil(limits.maxRecordBytes / part.length));
    const block = Buffer.from(parts).subarray(0, limits.maxRecordBytes);
    const got = cutBlock(block, { ...waiting, format: 'docker-json' });
    expect(got.bytes).toBe(Math.floor(limits.maxRecordBytes / part.length) * part.length);
  });

  test('a block that had to grow is cut after its first record', () => {
    const long = `${'x'.repeat(5000)}\n`;
    const plain = cutBlock(Buffer.from(`${long}short\n`), { ...waiting, format: 'plain' });
    expect(plain).toEqual({ bytes: long.length, lines: 1 });
    const record = docker('y'.repeat(3000)) + docker('y'.repeat(3000)) + last;
    const got = cutBlock(Buffer.from(record + whole), { ...waiting, format: 'docker-json' });
    expect(got).toEqual({ bytes: record.length, lines: 3 });
  });

  test('never throws, never cuts more than there is, and counts newlines right', () => {
    const pieces = fc.constantFrom(
      whole,
      part,
      last,
      docker('e', 'stderr'),
      docker('e\n', 'stderr'),
      '\n',
      '{"log":"',
      '\\n","stream":"',
      '\0\xff',
    );
    fc.assert(
      fc.property(
        fc.array(pieces),
        fc.boolean(),
        fc.constantFrom('plain' as const, 'docker-json' as const),
        (texts, isFinal, format) => {
          const block = Buffer.from(texts.join(''), 'latin1').subarray(0, limits.maxRecordBytes);
          const got = cutBlock(block, { ...waiting, isFinal, format });
          expect(got.bytes).toBeLessThanOrEqual(block.length);
          const cut = block.subarray(0, got.bytes).toString('latin1');
          expect(got.lines).toBe(cut.split('\n').length - 1);
          const isForced = isFinal || block.length === limits.maxRecordBytes;
          expect(isForced || cut === '' || cut.endsWith('\n')).toBe(true);
          expect(got.bytes > 0 || !isFinal || block.length === 0).toBe(true);
        },
      ),
    );
  });
});
