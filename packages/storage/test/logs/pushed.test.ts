/** Records that were pushed, through their view and the one that all logs share. */
import { byteTextOf, encodePushedRecord, type PushedRecord } from '@plimsoll/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertChunks } from '../support/log-chunks.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

let opened: TestEngine;
beforeAll(async () => {
  opened = await openTestEngine();
});
afterAll(async () => opened[Symbol.asyncDispose]());

const timeNs = 1_768_467_600_123_456_789n;

function payload(records: readonly Partial<PushedRecord>[]): Buffer {
  const lines = records.map((record, position) =>
    encodePushedRecord({
      position,
      timeNs,
      stream: '',
      severity: '',
      labels: '',
      text: '',
      ...record,
    }),
  );
  return Buffer.from(lines.join(''), 'latin1');
}

interface Row {
  ns: string;
  stream: string;
  severity: string;
  message: string;
  message_raw: string;
  labels: Record<string, string>;
  day: string;
}

async function rows(fileId: string): Promise<Row[]> {
  return opened.engine.select<Row>(
    `SELECT toString(toUnixTimestamp64Nano(time)) AS ns, stream, severity, message, message_raw, labels,
       _partition_id AS day
     FROM logs WHERE file_id = {file:String} ORDER BY position`,
    { params: { file: fileId } },
  );
}

test('what a record says stands in its row', async () => {
  const labels = { job: 'x', 'odd "name"\t': 'line\nfeed \u0000 é 😀' };
  const bytes = payload([
    {
      text: 'given',
      severity: 'warn',
      stream: 'stderr',
      labels: byteTextOf(JSON.stringify(labels)),
    },
    { text: 'ERROR: found in the text' },
    { text: 'INFO but said to be an error', severity: 'error' },
    { text: byteTextOf('\x1b[31mred é\x1b[0m \x01 tab\t lf\n end\r') },
    { text: '' },
  ]);
  await insertChunks(opened.engine, [{ bytes, fileId: 'push/a' }], { kind: 'pushes' });
  const shared = { ns: String(timeNs), stream: '', message_raw: '', labels: {}, day: '20260115' };
  expect(await rows('push/a')).toEqual([
    { ...shared, stream: 'stderr', severity: 'warn', message: 'given', labels },
    { ...shared, severity: 'error', message: 'ERROR: found in the text' },
    { ...shared, severity: 'error', message: 'INFO but said to be an error' },
    {
      ...shared,
      severity: '',
      message: 'red é \x01 tab\t lf\n end',
      message_raw: '\x1b[31mred é\x1b[0m \x01 tab\t lf\n end\r',
    },
    { ...shared, severity: '', message: '' },
  ]);
});

test('every severity is kept, times without sense go with their arrival', async () => {
  const bytes = payload([
    { severity: 'trace' },
    { severity: 'debug' },
    { severity: 'info' },
    { severity: 'warn' },
    { severity: 'error' },
    { severity: 'fatal' },
    { timeNs: null },
    { timeNs: 0n },
    { timeNs: 2n ** 63n - 1n },
    { timeNs: -(2n ** 63n) + 1n },
  ]);
  await insertChunks(opened.engine, [{ bytes, fileId: 'push/b' }], { kind: 'pushes' });
  const found = await rows('push/b');
  expect(found.slice(0, 6).map(({ severity }) => severity)).toEqual([
    'trace',
    'debug',
    'info',
    'warn',
    'error',
    'fatal',
  ]);
  expect(found.slice(6).map(({ ns }) => ns)).toEqual([
    String(BigInt(Date.parse('2026-01-15T10:00:00Z')) * 1_000_000n),
    '0',
    '9223372036854775807',
    '-9223372036854775807',
  ]);
  expect(new Set(found.map(({ day }) => day))).toEqual(new Set(['20260115']));
});

test('a repeated insert adds nothing', async () => {
  const bytes = payload([{ text: 'once' }]);
  const chunks = [{ bytes, fileId: 'push/c' }];
  await insertChunks(opened.engine, chunks, { kind: 'pushes', token: 'push-c' });
  await insertChunks(opened.engine, chunks, { kind: 'pushes', token: 'push-c' });
  expect(await rows('push/c')).toHaveLength(1);
});

test('lines of files have no labels', async () => {
  await insertChunks(opened.engine, [{ bytes: 'line\n', fileId: 'plain' }], { kind: 'plain' });
  expect((await rows('plain')).map(({ labels }) => labels)).toEqual([{}]);
});
