import assert from 'node:assert/strict';
import { chunkBytes, decodeFrame } from '@plimsoll/model';
import type { OutboundFrame } from '@plimsoll/transport';
import { StoredRecords } from './stored-records.ts';

interface StoredRange {
  start: number;
  bytes: Buffer;
}

/** What ingest would keep: byte ranges per file id, repeated ranges trimmed. */
export class StoredLines {
  readonly #files = new Map<string, StoredRange[]>();
  /** Bytes that came a second time. */
  repeatedBytes = 0;
  /** Of chunks in format records. */
  readonly records = new StoredRecords();

  async store(frame: OutboundFrame): Promise<void> {
    const { kind, header, payload } = await decodeFrame(frame.bytes);
    if (kind !== 'logs') return;
    let at = 0;
    for (const chunk of header.chunks) {
      const bytes = payload.subarray(at, at + chunkBytes(chunk));
      at += bytes.length;
      const source = header.sources[chunk.source];
      assert(source, 'a chunk names a source');
      if (source.format === 'records') this.records.add(source.file_id, chunk, bytes);
      else this.#add(source.file_id, chunk.start, bytes);
    }
  }

  /** Every stored line, in no particular order over files. */
  lines(): string[] {
    const lines: string[] = [];
    for (const ranges of this.#files.values()) {
      const text = Buffer.concat(ranges.map((range) => range.bytes)).toString('latin1');
      for (const line of text.split('\n')) if (line !== '') lines.push(line);
    }
    return lines;
  }

  #add(fileId: string, start: number, bytes: Buffer): void {
    const ranges = this.#files.get(fileId) ?? [];
    this.#files.set(fileId, ranges);
    let from = start;
    const end = start + bytes.length;
    const fresh: StoredRange[] = [];
    for (const range of ranges) {
      const rangeEnd = range.start + range.bytes.length;
      if (rangeEnd <= from || range.start >= end) continue;
      if (range.start > from) fresh.push(slice(bytes, start, [from, range.start]));
      const overlapEnd = Math.min(end, rangeEnd);
      const overlapStart = Math.max(from, range.start);
      const again = bytes.subarray(overlapStart - start, overlapEnd - start);
      const known = range.bytes.subarray(overlapStart - range.start, overlapEnd - range.start);
      assert(again.equals(known), `file ${fileId}: the same range came with other bytes`);
      this.repeatedBytes += again.length;
      from = overlapEnd;
    }
    if (from < end) fresh.push(slice(bytes, start, [from, end]));
    ranges.push(...fresh);
    ranges.sort((a, b) => a.start - b.start);
  }
}

function slice(bytes: Buffer, start: number, [from, to]: [number, number]): StoredRange {
  return { start: from, bytes: Buffer.from(bytes.subarray(from - start, to - start)) };
}
