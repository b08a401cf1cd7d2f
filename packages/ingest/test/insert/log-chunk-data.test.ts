import { zstdCompressSync } from 'node:zlib';
import { hostLabels } from '@plimsoll/model';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logChunkColumns, logChunkData } from '../../src/insert/log-chunk-data.ts';
import { rawBytesOf } from '../../src/plan/cut-pieces.ts';
import type { LogChunkRow } from '../../src/plan/insert-unit.ts';
import { chunkRow, origin } from '../support/chunk-rows.ts';
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
  fc.nat(60_000).map((length) => 'é'.repeat(length)),
);
const chunk = fc
  .record({
    containerName: label,
    image: label,
    fileId: label,
    start: fc.nat(2 ** 40),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.uint8Array({ minLength: 1000, maxLength: 40_000, size: 'max' }),
      fc.uint8Array({ minLength: 20_000, maxLength: 400_000, size: 'max' }),
    ),
    isCompressed: fc.boolean(),
  })
  .map(({ containerName, image, fileId, start, bytes, isCompressed }): LogChunkRow =>
    chunkRow({
      source: {
        labels: { ...hostLabels('default', 'h'), container_name: containerName, image },
        format: 'plain',
        file_id: fileId,
        path: '',
        stream: '',
      },
      start,
      bytes: bytes.length,
      content: isCompressed
        ? { codec: 'zstd', bytes: zstdCompressSync(bytes) }
        : { codec: 'none', bytes: Buffer.from(bytes) },
      origin: { ...origin, created_at_ms: Date.UTC(2026, 0, 15, 10, 0, 0, 123) },
    }),
  );

test('any bytes and any labels arrive in the engine as they were', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { minLength: 1, maxLength: 20 }), async (chunks) => {
      await it.engine.command('TRUNCATE TABLE arrived');
      await it.engine.insert({
        table: 'log_chunks_plain',
        columns: logChunkColumns,
        format: 'RowBinary',
        compression: 'zstd',
        data: logChunkData(chunks, { partition: 'topic/3', first: 12 }),
      });
      const rows = await it.engine.select<Record<string, unknown>>(
        'SELECT * REPLACE hex(data) AS data FROM arrived',
      );
      const texts = await Promise.all(chunks.map(rawBytesOf));
      expect(new Set(rows.map((row) => JSON.stringify(row)))).toEqual(
        new Set(
          chunks.map((row, index) =>
            JSON.stringify({
              received_at: '2026-01-15 10:00:00.123',
              container_name: row.source.labels.container_name,
              image: row.source.labels.image,
              stream: '',
              file_id: row.source.file_id,
              start: row.start,
              end: row.end,
              partition: 'topic/3',
              batch: 12,
              data: texts[index]?.toString('hex').toUpperCase(),
            }),
          ),
        ),
      );
    }),
    { numRuns: 40 },
  );
});
