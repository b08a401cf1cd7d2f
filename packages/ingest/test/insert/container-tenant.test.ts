import { zstdDecompressSync } from 'node:zlib';
import { hostLabels } from '@plimsoll/model';
import { expect, test } from 'vitest';
import { logChunkData } from '../../src/insert/log-chunk-data.ts';
import { chunkRow } from '../support/chunk-rows.ts';

test('lines have the tenant of their container, which may differ from that of the collector', () => {
  const chunk = chunkRow({
    start: 0,
    tenant: 'of-the-host',
    source: {
      labels: hostLabels('of-the-container', 'host-a'),
      format: 'plain',
      file_id: 'f1',
      path: '',
      stream: '',
    },
  });
  const stream = Buffer.concat(logChunkData([chunk], { partition: 'p', first: 0 }));
  const row = zstdDecompressSync(stream);
  // After the time: the length of a text in a byte, and the text.
  expect(row.subarray(9, 9 + row.readUInt8(8)).toString()).toBe('of-the-container');
  expect(row.includes('of-the-host')).toBe(false);
});
