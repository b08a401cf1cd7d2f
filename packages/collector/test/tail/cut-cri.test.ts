import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutBlock, type CutOptions } from '../../src/tail/cut.ts';

const limits = { maxChunkBytes: 4096, maxRecordBytes: 16_384 };
const waiting: CutOptions = { ...limits, format: 'cri', isFinal: false, releasesParts: false };

const time = '2016-10-06T00:17:09.669794202Z';

function cri(tag: string, text: string, stream = 'stdout'): string {
  return `${time} ${stream} ${tag} ${text}\n`;
}

const whole = cri('F', 'whole');
const part = cri('P', 'part ');
const last = cri('F', 'and the end');
const errorPart = cri('P', 'bad', 'stderr');
const errorLast = cri('F', 'ness', 'stderr');

interface Case {
  title: string;
  cut: string;
  rest?: string;
  lines?: number;
  isFinal?: boolean;
  releasesParts?: boolean;
}

const cases: Case[] = [
  { title: 'whole lines', cut: whole + whole, lines: 2 },
  { title: 'half a line waits', cut: whole, rest: `${time} stdout F ha`, lines: 1 },
  { title: 'half a head waits', cut: whole, rest: time.slice(0, 15), lines: 1 },
  { title: 'parts and their end are one record', cut: part + part + last, lines: 3 },
  { title: 'a part waits for its end', cut: whole, rest: part, lines: 1 },
  { title: 'only parts wait', cut: '', rest: part + part },
  { title: 'parts that waited long enough go', cut: part, lines: 1, releasesParts: true },
  { title: 'parts of a final file go', cut: part, lines: 1, isFinal: true },
  { title: 'a part of one stream is not ended by the other', cut: '', rest: part + errorLast },
  {
    title: 'streams that alternate',
    cut: part + errorPart + last + errorLast + whole,
    rest: errorPart + whole,
    lines: 5,
  },
  { title: 'more tags after the first', cut: whole, rest: cri('P:x:y', 'text'), lines: 1 },
  { title: 'an end with more tags', cut: part + cri('F:x', 'text'), lines: 2 },
  { title: 'no text at all', cut: `${time} stdout F\n${time} stdout F \n`, lines: 2 },
  { title: 'a part without text', cut: '', rest: `${time} stdout P\n` },
  { title: 'a part that is empty but for its blank', cut: '', rest: `${time} stdout P \n` },
  { title: 'a time with another zone', cut: '', rest: `${time}+05:30 stdout P x\n` },
  { title: 'the words within the text do not count', cut: cri('F', `x ${part.trim()}`), lines: 1 },
  { title: 'a name that is no stream', cut: cri('P', 'x', 'stdin0'), lines: 1 },
  { title: 'a tag that is none', cut: cri('PF', 'x') + cri('Q', 'x'), lines: 2 },
  { title: 'a broken line is a record by itself', cut: 'abc\n\n\0\xff P\n', lines: 3 },
  { title: 'a broken line ends no part', cut: '', rest: `${part}broken\n` },
  { title: 'a line that is no time', cut: 'x'.repeat(30).concat(' stdout P text\n'), lines: 1 },
  { title: 'a blank too early', cut: '2016-10 06T00:17 stdout P text\n', lines: 1 },
];

describe('the cut rule of CRI logs', () => {
  test.each(cases)('$title', ({ cut, rest = '', lines = 0, ...given }) => {
    const block = Buffer.from(cut + rest, 'latin1');
    const got = cutBlock(block, { ...waiting, ...given });
    expect(block.subarray(0, got.bytes).toString('latin1')).toBe(cut);
    expect(got.lines).toBe(lines);
  });

  test('a block that had to grow is cut after its first record', () => {
    const record = cri('P', 'y'.repeat(3000)) + cri('P', 'y'.repeat(3000)) + last;
    const got = cutBlock(Buffer.from(record + whole + whole), waiting);
    expect(got).toEqual({ bytes: record.length, lines: 3 });
  });

  test('parts without end are cut at a part boundary when they reach the limit', () => {
    const parts = part.repeat(Math.ceil(limits.maxRecordBytes / part.length));
    const block = Buffer.from(parts).subarray(0, limits.maxRecordBytes);
    const wanted = Math.floor(limits.maxRecordBytes / part.length) * part.length;
    expect(cutBlock(block, waiting).bytes).toBe(wanted);
    expect(cutBlock(block.subarray(0, -1), waiting).bytes).toBe(0);
  });

  test('never splits a record, and agrees with a slow reading of any bytes', () => {
    const text = fc.string({ maxLength: 12 }).map((raw) => raw.replaceAll('\n', ' '));
    const wellMade = fc
      .tuple(
        fc.constantFrom(time, '2016-10-06T00:17:09Z', `${time}+01:00`, '2016-10-06 00:17:09', 'x'),
        fc.constantFrom('stdout', 'stderr', 'stdin0', ''),
        fc.constantFrom('P', 'F', 'P:a', 'F:a:b', 'P:', 'X', 'P\t', ''),
        fc.oneof(text, fc.constantFrom('', ` ${part.trim()}`)),
      )
      .map((words) => words.join(' '));
    const anyLine = fc.oneof(
      { weight: 6, arbitrary: wellMade },
      { weight: 1, arbitrary: fc.constantFrom(part.trim(), last.trim(), errorPart.trim(), '') },
      { weight: 1, arbitrary: text },
    );
    const anyBlock = fc.oneof(
      { weight: 5, arbitrary: fc.array(anyLine).map((lines) => lines.join('\n')) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
    );
    fc.assert(
      fc.property(anyBlock, fc.nat({ max: 60 }), (source, cutOff) => {
        const all = Buffer.from(source, 'latin1');
        const block = all.subarray(0, Math.max(0, all.length - cutOff)).subarray(0, 4000);
        const got = cutBlock(block, waiting);
        expect(got).toEqual(slowly(block));
      }),
      { numRuns: 2000 },
    );
  });
});

/** As the storage reads it: one regular expression per line. */
function slowly(block: Buffer): { bytes: number; lines: number } {
  const head = /^(\d{4}-\d\d-\d\dT[^\t\n\f\r ]+) (stdout|stderr) ([PF])(?::[^\t\n\f\r ]*)?(?: |$)/;
  const open = new Set<string>();
  const found = { bytes: 0, lines: 0 };
  let at = 0;
  for (const [index, line] of block.toString('latin1').split('\n').slice(0, -1).entries()) {
    at += line.length + 1;
    const [, , stream, tag] = head.exec(line) ?? [];
    if (stream !== undefined && tag === 'P') open.add(stream);
    else if (stream !== undefined) open.delete(stream);
    if (open.size === 0) Object.assign(found, { bytes: at, lines: index + 1 });
  }
  return found;
}
