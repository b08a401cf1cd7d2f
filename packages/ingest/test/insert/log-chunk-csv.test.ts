import { hostLabels } from '@plimsoll/model';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  encodeLogChunks,
  encodedLogBytes,
  logChunkColumns,
} from '../../src/insert/log-chunk-csv.ts';
import type { LogChunkRow } from '../../src/plan/insert-unit.ts';
import { openTestIngest, type TestIngest } from '../support/test-ingest.ts';

let it: TestIngest;
beforeAll(async () => {
  it = await openTestIngest();
  // What arrives, as it arrives: a table of chunks itself keeps nothing.
  await it.engine.command(
    `CREATE TABLE arrived ENGINE = MergeTree ORDER BY tuple() AS
     SELECT received_at, container_name, image, stream, file_id, start, end, partition, batch, data FROM log_chunks_plain WHERE 0`,
  );
  await it.engine.command(
    `CREATE MATERIALIZED VIEW arrived_from_chunks TO arrived AS
     SELECT received_at, container_name, image, stream, file_id, start, end, partition, batch, data FROM log_chunks_plain`,
  );
});
afterAll(async () => it[Symbol.asyncDispose]());

const label = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom(
      '"',
      "'",
      '\\',
      '\n',
      ',',
      ';',
      '\t',
      '\r',
      '\0',
      'N',
      '{',
      '-',
      '/',
      '*',
      'é',
    ),
    maxLength: 12,
  }),
);
const chunk = fc
  .record({
    containerName: label,
    image: label,
    fileId: label,
    start: fc.nat(2 ** 40),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  })
  .map(({ containerName, image, fileId, start, bytes }): LogChunkRow => ({
    file: '',
    tenant: 'default',
    source: {
      labels: { ...hostLabels('default', 'h'), container_name: containerName, image },
      format: 'plain',
      file_id: fileId,
      path: '',
      stream: '',
    },
    start,
    end: start + bytes.length,
    lines: 1,
    bytes: Buffer.from(bytes),
    receivedAtMs: Date.UTC(2026, 0, 15, 10, 0, 0, 123),
    offset: 0,
  }));

test('any bytes and any labels arrive in the engine as they were', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { minLength: 1, maxLength: 20 }), async (chunks) => {
      await it.engine.command('TRUNCATE TABLE arrived');
      const data = encodeLogChunks(chunks, { partition: 'topic/3', first: 12 }, Buffer.alloc(64));
      await it.engine.insert({
        table: 'log_chunks_plain',
        columns: logChunkColumns,
        format: 'CSV',
        data,
      });
      const rows = await it.engine.select<Record<string, unknown>>('SELECT * FROM arrived');
      // The one thing that is changed: a blank line in a label.
      const kept = (text: string): string => text.replace(/\n{2,}/g, '\n');
      expect(new Set(rows.map((row) => JSON.stringify(row)))).toEqual(
        new Set(
          chunks.map((row) =>
            JSON.stringify({
              received_at: '2026-01-15 10:00:00.123',
              container_name: kept(row.source.labels.container_name),
              image: kept(row.source.labels.image),
              stream: '',
              file_id: kept(row.source.file_id),
              start: row.start,
              end: row.end,
              partition: 'topic/3',
              batch: 12,
              data: row.bytes.toString('base64'),
            }),
          ),
        ),
      );
    }),
    { numRuns: 40 },
  );
});

test('the memory asked for is enough for a full unit', () => {
  const bytes = Buffer.alloc(256 * 1024, 'x');
  const chunks = fc
    .sample(chunk, { numRuns: 46, seed: 1 })
    .map((row) => ({ ...row, bytes, end: row.start + bytes.length }));
  const memory = Buffer.alloc(encodedLogBytes(46 * bytes.length, 46));
  const data = encodeLogChunks(chunks, { partition: 'direct', first: 1 }, memory);
  expect(data.buffer).toBe(memory.buffer);
});
