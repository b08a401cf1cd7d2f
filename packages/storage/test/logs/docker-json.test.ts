import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  dockerLine,
  insertChunks,
  storedLines,
  type ChunkKind,
  type StoredLine,
} from '../support/log-chunks.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

let opened: TestEngine;
beforeAll(async () => {
  opened = await openTestEngine();
});
afterAll(async () => opened[Symbol.asyncDispose]());

let files = 0;
/** What one chunk of these bytes becomes. */
async function parse(
  bytes: Buffer | string,
  { kind = 'docker', start = 0 }: { kind?: ChunkKind; start?: number } = {},
): Promise<StoredLine[]> {
  files += 1;
  const fileId = `docker-${files}`;
  await insertChunks(opened.engine, [{ bytes, fileId, start }], { kind });
  return storedLines(opened.engine, fileId);
}

/** Both tables must read whole and damaged lines alike; split ones are joined in one of them. */
const kinds = ['docker', 'docker_split'] as const;

describe.each(kinds)('whole lines in %s', (kind) => {
  test('become rows with time in nanoseconds, stream and byte position', async () => {
    const first = dockerLine('hello\n');
    const second = dockerLine('wörld\n', { stream: 'stderr', time: '2026-01-15T09:00:01Z' });
    expect(await parse(first + second, { kind, start: 1000 })).toEqual([
      {
        time: '2026-01-15 09:00:00.123456789',
        stream: 'stdout',
        severity: '',
        message: 'hello',
        message_raw: '',
        position: 1000,
      },
      {
        time: '2026-01-15 09:00:01.000000000',
        stream: 'stderr',
        severity: '',
        message: 'wörld',
        message_raw: '',
        position: 1000 + Buffer.byteLength(first),
      },
    ]);
  });

  test.each([
    ['an empty line', '\n', ''],
    ['quotes and backslashes', 'say "hi" \\ C:\\new\n', 'say "hi" \\ C:\\new'],
    ['a backslash and the letter n at the end', 'path\\n\n', 'path\\n'],
    ['tabs and control bytes', '\ta\u0001b\u0000c\n', '\ta\u0001b\u0000c'],
    ['letters beyond ASCII', 'naïve 日本 😀\n', 'naïve 日本 😀'],
    [
      'what looks like the end of a line',
      'x","stream":"stdout","time":"y"}\n',
      'x","stream":"stdout","time":"y"}',
    ],
    [
      'what looks like a line',
      '{"log":"inner\\n","stream":"stdout"}\n',
      '{"log":"inner\\n","stream":"stdout"}',
    ],
    ['a carriage return', 'progress\r\n', 'progress'],
  ])('keep %s', async (_name, log, message) => {
    const rows = await parse(dockerLine(log), { kind });
    expect(rows.map((row) => row.message)).toEqual([message]);
  });

  test('escapes are undone, surrogate pairs too', async () => {
    const line =
      '{"log":"\\u00e9\\ud83d\\ude00 \\u003cb\\u003e\\/\\n","stream":"stdout","time":"2026-01-15T09:00:00Z"}\n';
    expect((await parse(line, { kind }))[0]?.message).toBe('é😀 <b>/');
  });

  test('keep bytes that are not UTF-8', async () => {
    const line = dockerLine('a@b\n');
    const bytes = Buffer.from(line);
    bytes[bytes.indexOf('@')] = 0xff;
    await insertChunks(opened.engine, [{ bytes, fileId: `not-utf8-${kind}` }], { kind });
    const rows = await opened.engine.select<{ hex: string }>(
      'SELECT hex(message) AS hex FROM logs WHERE file_id = {file:String}',
      { params: { file: `not-utf8-${kind}` } },
    );
    expect(rows).toEqual([{ hex: '61FF62' }]);
  });

  test('colours are taken out of the message and kept beside it', async () => {
    const [row] = await parse(dockerLine('\u001b[1;31mERROR\u001b[0m \u001b]0;title\u0007boom\n'), {
      kind,
    });
    expect(row).toMatchObject({
      message: 'ERROR boom',
      message_raw: '\u001b[1;31mERROR\u001b[0m \u001b]0;title\u0007boom',
      severity: 'error',
    });
  });

  test.each([
    ['is no time', 'yesterday'],
    ['is before what can be stored', '0001-01-01T00:00:00Z'],
    ['is after what can be stored', '9999-12-31T23:59:59Z'],
  ])('a time that %s is replaced by the arrival', async (_name, time) => {
    expect((await parse(dockerLine('x\n', { time }), { kind }))[0]).toMatchObject({
      message: 'x',
      time: '2026-01-15 10:00:00.000000000',
    });
  });

  test('a time zone is honoured', async () => {
    const rows = await parse(dockerLine('x\n', { time: '2026-01-15T09:00:00.5+02:00' }), { kind });
    expect(rows[0]?.time).toBe('2026-01-15 07:00:00.500000000');
  });

  test('the attributes of labels and env do not hide the line', async () => {
    const line =
      '{"log":"x\\n","stream":"stderr","attrs":{"log":"no","env":"prod"},"time":"2026-01-15T09:00:00Z"}\n';
    expect((await parse(line, { kind }))[0]).toMatchObject({
      message: 'x',
      stream: 'stderr',
      time: '2026-01-15 09:00:00.000000000',
    });
  });
});

describe('split lines', () => {
  test('parts are joined into one row at the position of the first', async () => {
    const parts = ['a'.repeat(16_384), 'b'.repeat(16_384), 'c\n'];
    const before = dockerLine('before\n');
    const rows = await parse(
      before + parts.map((part) => dockerLine(part)).join('') + dockerLine('after\n'),
      { kind: 'docker_split' },
    );
    expect(rows.map((row) => row.message)).toEqual(['before', parts.join('').trimEnd(), 'after']);
    expect(rows[1]?.position).toBe(before.length);
  });

  test('lines of the other stream between parts stay lines of their own', async () => {
    const rows = await parse(
      dockerLine('out-1 ') +
        dockerLine('err\n', { stream: 'stderr' }) +
        dockerLine('out-2\n') +
        dockerLine('err-1 ', { stream: 'stderr' }) +
        dockerLine('out\n') +
        dockerLine('err-2\n', { stream: 'stderr' }),
      { kind: 'docker_split' },
    );
    expect(rows.map(({ stream, message }) => `${stream}: ${message}`)).toEqual([
      'stdout: out-1 out-2',
      'stderr: err',
      'stderr: err-1 err-2',
      'stdout: out',
    ]);
  });

  test('a part that ends in a backslash and the letter n is still a part', async () => {
    const rows = await parse(dockerLine('one\\n') + dockerLine(' two\n'), { kind: 'docker_split' });
    expect(rows.map((row) => row.message)).toEqual(['one\\n two']);
  });

  test('an end without a last part is a row all the same', async () => {
    const rows = await parse(dockerLine('whole\n') + dockerLine('never ended'), {
      kind: 'docker_split',
    });
    expect(rows.map((row) => row.message)).toEqual(['whole', 'never ended']);
  });
});

describe.each(kinds)('damaged lines in %s', (kind) => {
  const good = dockerLine('good\n');
  test.each([
    ['no JSON', 'not json at all'],
    ['torn by a crash', '{"log":"torn'],
    ['torn, the next line behind it', `{"log":"torn${dockerLine('next\n').trimEnd()}`],
    ['torn in the tail', `{"log":"torn\\n","stream":"std${dockerLine('next\n').trimEnd()}`],
    ['JSON without log', '{"message":"x"}'],
    ['another kind of JSON', '[1,2,3]'],
    ['a lone surrogate', '{"log":"a\\ud83d\\n","stream":"stdout","time":"2026-01-15T09:00:00Z"}'],
    ['NUL bytes of a hole in the file', '\0\0\0\0'],
    ['nothing', ''],
  ])('%s: the line is kept as it is, its neighbours are read', async (_name, line) => {
    const rows = await parse(`${good}${line}\n${good}`, { kind });
    expect(rows.map(({ stream, message }) => [stream, message])).toEqual([
      ['stdout', 'good'],
      ['', line],
      ['stdout', 'good'],
    ]);
    expect(rows[1]).toMatchObject({ position: good.length, time: '2026-01-15 10:00:00.000000000' });
  });

  test('JSON with other order and spaces is read as JSON', async () => {
    const line = '{ "time": "2026-01-15T09:00:00Z", "stream": "stderr", "log": "x\\n" }\n';
    expect((await parse(line, { kind }))[0]).toMatchObject({ message: 'x', stream: 'stderr' });
  });

  test('a chunk that does not end in a line end loses nothing', async () => {
    const rows = await parse(`${good}{"log":"cut at the lim`, { kind });
    expect(rows.map((row) => row.message)).toEqual(['good', '{"log":"cut at the lim']);
  });
});
