import assert from 'node:assert/strict';
import { decodeRecords, type LogRecord } from '@plimsoll/model';
import { JoinRule } from '../../src/lines/join-rule.ts';
import { LineProcessor, type LineProcessorOptions } from '../../src/lines/line-processor.ts';
import { Pattern } from '../../src/lines/pattern/pattern.ts';

export function makeProcessor(options: Partial<LineProcessorOptions> = {}): LineProcessor {
  return new LineProcessor({
    format: 'docker-json',
    join: null,
    redact: [],
    quotaBytesPerSecond: 0,
    maxWaitMs: 2000,
    onWithheld: () => undefined,
    ...options,
  });
}

export function joinBy(
  { start, goesOn }: { start?: string; goesOn?: string },
  { maxLines = 500, maxBytes = 262_144 } = {},
): JoinRule {
  return new JoinRule({
    start: start === undefined ? null : Pattern.compile(start),
    goesOn: goesOn === undefined ? null : Pattern.compile(goesOn),
    maxLines,
    maxBytes,
  });
}

export const redacting = (
  ...patterns: readonly string[]
): { pattern: Pattern; replacement: string }[] =>
  patterns.map((pattern) => ({ pattern: Pattern.compile(pattern), replacement: '[redacted]' }));

export interface Chunk {
  start: number;
  end: number;
  lines: number;
  payload: Buffer;
}

/**
 * Reads a file as it grows to each of the sizes given, and at last as complete: every chunk handed
 * over, in order. Each block is processed twice, as after a refusal for want of room.
 */
export function processAll(
  processor: LineProcessor,
  content: Buffer,
  sizes: readonly number[] = [],
): Chunk[] {
  const chunks: Chunk[] = [];
  let position = 0;
  const growth = [...new Set(sizes.map((size) => size % (content.length + 1)))].sort(
    (a, b) => a - b,
  );
  for (const size of [...growth, content.length]) {
    const isFinal = size === content.length;
    for (let isDone = false; !isDone;) {
      const block = content.subarray(position, Math.min(size, position + 1024 * 1024));
      const isLast = isFinal && position + block.length === content.length;
      const context = { start: position, isFinal: isLast, releases: false, nowMs: 0 };
      const first = processor.process(block, context);
      const copy = Buffer.from(first.payload);
      const processed = processor.process(block, context);
      assert(copy.equals(processed.payload), 'the same bytes make the same records');
      assert.equal(processed.bytes, first.bytes);
      if (processed.bytes > 0) {
        processor.accept();
        const end = position + processed.bytes;
        const { lines, payload } = processed;
        chunks.push({ start: position, end, lines, payload: Buffer.from(payload) });
        position = end;
      }
      isDone = processed.bytes === 0 || position === content.length;
    }
  }
  assert.equal(position, content.length, 'every byte is taken');
  return chunks;
}

export function recordsOf(chunks: readonly Chunk[]): LogRecord[] {
  return chunks.flatMap(({ payload }) => decodeRecords(payload));
}

/** `stream position: text` of each record, by position. */
export function told(records: readonly LogRecord[]): string[] {
  return records
    .toSorted((a, b) => a.position - b.position)
    .map(({ stream, position, text }) => `${stream} ${position}: ${text.toString('latin1')}`);
}
