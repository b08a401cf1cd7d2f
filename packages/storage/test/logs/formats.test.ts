import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertChunks, storedLines } from '../support/log-chunks.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

let opened: TestEngine;
beforeAll(async () => {
  opened = await openTestEngine();
});
afterAll(async () => opened[Symbol.asyncDispose]());

test('cri: lines are taken apart, parts joined per stream, damage kept', async () => {
  const lines = [
    '2026-01-15T09:00:00.5Z stdout F whole line',
    '2026-01-15T09:00:01.123456789+01:00 stdout P first ',
    '2026-01-15T09:00:02Z stderr F other stream',
    '2026-01-15T09:00:03Z stdout P second ',
    '2026-01-15T09:00:04Z stdout F last',
    '2026-01-15T09:00:05Z stdout F',
    '2026-01-15T09:00:05Z stderr F:tag text',
    'no cri line',
    '',
  ];
  await insertChunks(opened.engine, [{ fileId: 'cri', bytes: `${lines.join('\n')}\n`, start: 7 }], {
    kind: 'cri',
  });
  const rows = await storedLines(opened.engine, 'cri');
  expect(rows.map(({ stream, message }) => [stream, message])).toEqual([
    ['stdout', 'whole line'],
    ['stdout', 'first second last'],
    ['stderr', 'other stream'],
    ['stdout', ''],
    ['stderr', 'text'],
    ['', 'no cri line'],
    ['', ''],
  ]);
  expect(rows[0]).toMatchObject({ position: 7, time: '2026-01-15 09:00:00.500000000' });
  expect(rows[1]?.time).toBe('2026-01-15 08:00:01.123456789');
  expect(rows[5]?.time).toBe('2026-01-15 10:00:00.000000000');
});

test('plain: each line is a row at its byte position, blank ones too', async () => {
  await insertChunks(
    opened.engine,
    [{ fileId: 'plain', stream: 'file', bytes: 'é\n\nthree\r\nfour', start: 100 }],
    { kind: 'plain' },
  );
  const rows = await storedLines(opened.engine, 'plain');
  expect(rows.map(({ message, position, stream }) => [message, position, stream])).toEqual([
    ['é', 100, 'file'],
    ['', 103, 'file'],
    ['three', 104, 'file'],
    ['four', 111, 'file'],
  ]);
  expect(rows[2]?.message_raw).toBe('three\r');
});

test('a repeat of the token adds nothing', async () => {
  const chunks = [
    { fileId: 'repeated', bytes: 'one\ntwo\n', start: 0, batch: 5 },
    { fileId: 'repeated', bytes: 'three\n', start: 8, batch: 5 },
  ];
  for (let time = 0; time < 3; time++)
    await insertChunks(opened.engine, chunks, { kind: 'plain', token: 'direct:5-5:x:0' });
  expect(await storedLines(opened.engine, 'repeated')).toHaveLength(3);
});

test('a batch of lines from a thousand years is one partition, not a thousand', async () => {
  const lines = Array.from(
    { length: 600 },
    (_, index) => `{"log":"x\\n","stream":"stdout","time":"${1700 + index}-06-01T00:00:00Z"}\n`,
  );
  await insertChunks(opened.engine, [{ fileId: 'years', bytes: lines.join('') }]);
  expect(await storedLines(opened.engine, 'years')).toHaveLength(600);
  const [row] = await opened.engine.select<{ partitions: number }>(
    "SELECT uniqExact(_partition_id) AS partitions FROM logs WHERE file_id = 'years'",
  );
  expect(row?.partitions).toBeLessThanOrEqual(3);
});
