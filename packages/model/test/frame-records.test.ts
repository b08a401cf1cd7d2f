import { describe, expect, test } from 'vitest';
import {
  decodeFrame,
  encodeFrame,
  encodeRecord,
  hostLabels,
  openFrame,
  type LogChunk,
  type LogFormat,
} from '@plimsoll/model';

const origin = {
  tenant: 'default',
  host: 'host-a',
  boot_id: 'b',
  collector_id: 'c1',
  epoch: 1,
  sequence: 1,
  created_at_ms: 0,
};

async function frameOf(
  chunks: readonly Omit<LogChunk, 'source'>[],
  payload: Buffer,
  format = 'records',
): Promise<Buffer> {
  const source = {
    labels: hostLabels('default', 'host-a'),
    format: format as LogFormat,
    file_id: 'f',
    path: '/a',
    stream: '',
  };
  const header = {
    ...origin,
    sources: [source],
    chunks: chunks.map((chunk) => ({ ...chunk, source: 0 })),
  };
  return encodeFrame({ kind: 'logs', header }, [payload]);
}

const one = encodeRecord({
  position: 0,
  time: '',
  stream: '',
  linePositions: [],
  text: Buffer.from('x'),
});

describe('a frame with records', () => {
  test('keeps payloads that are shorter and longer than their ranges, and empty ones', async () => {
    const chunks = [
      { start: 0, end: 100, lines: 3, bytes: one.length },
      { start: 100, end: 200, lines: 2, bytes: 0 },
      { start: 200, end: 201, lines: 1, bytes: one.length },
    ];
    const frame = await frameOf(chunks, Buffer.concat([one, one]));
    const decoded = await decodeFrame(frame);
    expect(decoded).toMatchObject({ header: { chunks }, payload: Buffer.concat([one, one]) });
  });

  test.each([1, 3])('of %i empty chunks alone is a frame', async (count) => {
    const chunks = Array.from({ length: count }, (_, index) => ({
      start: index,
      end: index + 1,
      lines: 1,
      bytes: 0,
    }));
    const frame = await frameOf(chunks, Buffer.alloc(0));
    expect(await openFrame(frame)).toMatchObject({ members: [{ rawBytes: 0 }] });
    expect((await decodeFrame(frame)).payload).toHaveLength(0);
  });

  test('that does not say how long they are is refused', async () => {
    await expect(frameOf([{ start: 0, end: 2, lines: 1 }], Buffer.alloc(2))).rejects.toThrow(
      'expected a number of bytes, got undefined',
    );
  });

  test('raw bytes are as long as their range, and never say otherwise', async () => {
    const chunk = { start: 0, end: 100, lines: 1, bytes: 2 };
    await expect(frameOf([chunk], Buffer.alloc(2), 'plain')).rejects.toThrow(
      'expected no number of bytes with plain, got 2',
    );
  });

  test('a format that is not known is refused, with what to do', async () => {
    await expect(frameOf([{ start: 0, end: 2, lines: 1 }], Buffer.alloc(2), 'xml')).rejects.toThrow(
      'format: expected one of docker-json, cri, plain, records, pushed, got "xml"; upgrade ingest first',
    );
  });
});
