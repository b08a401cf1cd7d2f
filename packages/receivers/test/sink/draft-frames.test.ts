import { hostLabels, limits, type LogSource } from '@plimsoll/model';
import { describe, expect, test } from 'vitest';
import { draftLogFrames, draftRowsFrames } from '../../src/sink/draft-frames.ts';
import type { PushedChunk, RowsPayload } from '../../src/sink/frame-sink.ts';

function source(fileId: string, image = ''): LogSource {
  const labels = { ...hostLabels('t', 'h'), image };
  return { labels, format: 'pushed', file_id: fileId, path: '', stream: '' };
}

function chunk(of: LogSource, start: number, bytes = 10): PushedChunk {
  return { source: of, start, end: start + 1, payload: Buffer.alloc(bytes, 'x') };
}

describe('log frames', () => {
  test('name each source once', () => {
    const [a, b] = [source('a'), source('b')];
    const [frame, ...others] = draftLogFrames([chunk(a, 0), chunk(b, 1), chunk(a, 2)]);
    expect(others).toEqual([]);
    expect(frame).toMatchObject({
      kind: 'logs',
      header: {
        sources: [a, b],
        chunks: [
          { source: 0, start: 0, end: 1, lines: 1, bytes: 10 },
          { source: 1, start: 1, end: 2, lines: 1, bytes: 10 },
          { source: 0, start: 2, end: 3, lines: 1, bytes: 10 },
        ],
      },
    });
    expect(frame?.parts).toHaveLength(3);
  });

  test('hold no more bytes, chunks and bytes of sources than they may', () => {
    const large = draftLogFrames(
      Array.from({ length: 20 }, (_, at) => chunk(source('a'), at, 1024 * 1024)),
    );
    expect(large.map(({ parts }) => parts.length)).toEqual([8, 8, 4]);
    const many = draftLogFrames(
      Array.from({ length: limits.maxFrameChunks + 1 }, (_, at) => chunk(source('a'), at)),
    );
    expect(many.map(({ parts }) => parts.length)).toEqual([limits.maxFrameChunks, 1]);
    const wide = draftLogFrames(
      Array.from({ length: 3 }, (_, at) => chunk(source(`f${at}`, 'x'.repeat(1_000_000)), at)),
    );
    expect(wide.map(({ parts }) => parts.length)).toEqual([2, 1]);
  });

  test('nothing makes none', () => {
    expect(draftLogFrames([])).toEqual([]);
  });
});

describe('rows frames', () => {
  const payload = (table: 'events' | 'targets', rows: number, bytes = 10): RowsPayload => ({
    table,
    columns: ['time'],
    rows,
    payload: Buffer.alloc(bytes, 'x'),
  });

  test('are of one table and the same columns', () => {
    const frames = draftRowsFrames([
      payload('events', 1),
      payload('targets', 2),
      payload('events', 3),
      { ...payload('events', 4), columns: ['time', 'host'] },
    ]);
    expect(frames.map(({ header, parts }) => [header, parts.length])).toEqual([
      [{ table: 'events', columns: ['time'], rows: 4 }, 2],
      [{ table: 'targets', columns: ['time'], rows: 2 }, 1],
      [{ table: 'events', columns: ['time', 'host'], rows: 4 }, 1],
    ]);
  });

  test('hold no more rows and bytes than they may', () => {
    const rows = draftRowsFrames([payload('events', 6000), payload('events', 6000)]);
    expect(rows).toHaveLength(2);
    const bytes = draftRowsFrames([
      payload('events', 1, 5_000_000),
      payload('events', 1, 5_000_000),
    ]);
    expect(bytes).toHaveLength(2);
  });
});
