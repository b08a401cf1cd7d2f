import { decodePushedRecords, limits } from '@plimsoll/model';
import { describe, expect, test } from 'vitest';
import { mapLabels } from '../../src/logs/known-labels.ts';
import { LogBatch, maxSources } from '../../src/logs/log-batch.ts';

function batch(tenant = 't', body = 'body', protocol = 'p'): LogBatch {
  return new LogBatch({ tenant, protocol, body: Buffer.from(body) });
}

const web = mapLabels([['pod', 'web']]);
const db = mapLabels([['pod', 'db']]);

test('records of the same columns are one source, positions count on', () => {
  const logs = batch();
  for (const [labels, text] of [
    [web, 'a'],
    [db, 'b'],
    [web, 'c\n'],
  ] as const) {
    logs.add(logs.target(labels), { timeNs: 1n, text });
  }
  const { chunks, identity } = logs.finish();
  expect(
    chunks.map(({ source, start, end }) => [source.labels.kubernetes_pod, start, end]),
  ).toEqual([
    ['web', 0, 2],
    ['db', 2, 3],
  ]);
  expect(new Set(chunks.map(({ source }) => source.file_id))).toEqual(new Set([identity]));
  const records = chunks.flatMap(({ payload }) => decodePushedRecords(payload));
  expect(records.map(({ position, text }) => [position, text])).toEqual([
    [0, 'a'],
    [1, 'c'],
    [2, 'b'],
  ]);
});

test('payloads are about a chunk each, with every record once', () => {
  const logs = batch();
  const target = logs.target(web);
  for (let at = 0; at < 300; at += 1) logs.add(target, { timeNs: 1n, text: 'x'.repeat(10_000) });
  const { chunks } = logs.finish();
  expect(chunks.length).toBe(3);
  for (const { payload } of chunks)
    expect(payload.length).toBeLessThanOrEqual(limits.maxChunkBytes);
  expect(chunks.map(({ start, end }) => [start, end]).flat()).toEqual([
    0,
    chunks[0]?.end,
    chunks[0]?.end,
    chunks[1]?.end,
    chunks[1]?.end,
    300,
  ]);
});

describe('identity', () => {
  const identityOf = (logs: LogBatch, timeNs: bigint | null = 5n): string => {
    logs.add(logs.target(web), { timeNs, text: 'x' });
    return logs.finish().identity;
  };

  test('is of tenant, protocol and content, and of nothing else', () => {
    expect(identityOf(batch())).toBe(identityOf(batch()));
    const others = [batch('u'), batch('t', 'other'), batch('t', 'body', 'q')].map((logs) =>
      identityOf(logs),
    );
    expect(new Set([identityOf(batch()), ...others]).size).toBe(4);
  });

  test('begins with the newest second', () => {
    expect(identityOf(batch(), 1_768_467_600_999_999_999n)).toMatch(
      /^push\/1768467600\/[0-9a-f]{32}$/,
    );
    expect(identityOf(batch(), -1n)).toMatch(/^push\/0000000000\//);
    expect(identityOf(batch(), 2n ** 63n - 1n)).toMatch(/^push\/9223372036\//);
  });

  test('without a time it is another each time', () => {
    expect(identityOf(batch(), null)).not.toBe(identityOf(batch(), null));
  });
});

test('more different columns than one request may have', () => {
  const logs = batch();
  const add = (from: number, to: number) => {
    for (let at = from; at < to; at += 1) logs.target(mapLabels([['pod', `p${at}`]]));
  };
  add(0, maxSources);
  expect(() => {
    add(maxSources, maxSources + 1);
  }).toThrow(
    'body: expected at most 20000 containers and hosts in one request; send smaller batches',
  );
});
