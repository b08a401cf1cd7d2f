import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { limits } from '@plimsoll/model';
import { describe, expect, test } from 'vitest';
import { LogTaker, type LogCut, type RecordGroup } from '../../src/api-logs/log-taker.ts';
import { messageBytes, partBytes, type LogMessage } from '../../src/api-logs/message.ts';
import { marginMs, sinceOf, startingPoint } from '../../src/api-logs/resume-point.ts';
import { messageOf } from './daemon-form.ts';

const millisecond = 1_000_000;
const later = Date.UTC(2027, 0);

/** A daemon's log: what it keeps, in its order. */
class KeptLog {
  messages: LogMessage[] = [];

  answer(since: string | null): LogMessage[] {
    if (since === null) return this.messages;
    const [seconds = '0', fraction = ''] = since.split('.');
    const time = `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
    return this.messages.filter((message) => message.time >= time);
  }
}

/** Takes a log in lives that end in a crash, and keeps what was stored, as ingest does. */
class Taking {
  readonly stored = new Map<string, string>();
  gaps = 0;
  acknowledged: LogCut = firstCut();
  #taker: LogTaker;
  #groups: RecordGroup[] = [];

  constructor() {
    this.#taker = this.#make();
  }

  /** One answer of the daemon, of which `count` messages come before the connection breaks. */
  read(log: KeptLog, count: number): void {
    this.#taker.beginAnswer();
    const answer = log.answer(sinceOf(this.#taker.point, later));
    for (const message of answer.slice(0, count)) {
      for (const group of this.#taker.take(message)) this.#store(group);
    }
  }

  end(): void {
    for (const group of this.#taker.end()) this.#store(group);
  }

  /** What was stored stays; of the acknowledgements only the first `count` were checkpointed. */
  crash(count: number): void {
    const last = this.#groups[Math.min(count, this.#groups.length) - 1];
    this.acknowledged = last?.end ?? this.acknowledged;
    this.#groups = [];
    this.#taker = this.#make();
  }

  #make(): LogTaker {
    return new LogTaker({
      host: 'h',
      containerId: 'c',
      from: this.acknowledged,
      joinsAcrossTimes: false,
      isProcessed: false,
      onGap: () => {
        this.gaps += 1;
      },
    });
  }

  #store(group: RecordGroup): void {
    const { fileId } = group.end;
    const before = this.#groups.at(-1)?.end ?? this.acknowledged;
    const expected = before.fileId === fileId ? before.position : 0;
    assert.equal(group.start, expected, 'ranges follow each other');
    this.#groups.push(group);
    for (const { position, text } of group.records) {
      const key = `${fileId} ${position}`;
      const content = text.toString();
      assert.equal(this.stored.get(key) ?? content, content, 'what comes again is a repeat');
      assert.ok(position >= group.start && position < group.end.position, 'it is in its range');
      this.stored.set(key, content);
    }
  }

  get lines(): string[] {
    return [...this.stored.values()].map((line) => line.replace(/x+/, 'x')).sort();
  }
}

function firstCut(): LogCut {
  return { generation: 0, fileId: '', position: 0, point: startingPoint('') };
}

interface Step {
  stream: 'stdout' | 'stderr';
  /** Milliseconds after the line before; 0: the very same time. */
  afterMs: number;
  parts: number;
  /** How much later than stamped it reaches the log: lines of the other stream come before. */
  heldUp: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  stream: fc.constantFrom('stdout' as const, 'stderr' as const),
  afterMs: fc.constantFrom(0, 0, 1, 900, 5000),
  parts: fc.constantFrom(0, 0, 0, 0, 2),
  heldUp: fc.boolean(),
});

/** Numbered lines, as two copiers stamp and write them. */
function writeLog(steps: readonly Step[]): { messages: LogMessage[]; lines: string[] } {
  const lines: string[] = [];
  let nanoseconds = 0;
  const written = steps.map(({ stream, afterMs, parts, heldUp }, index) => {
    nanoseconds += afterMs * millisecond;
    const line = `${index}`;
    lines.push(parts > 0 ? `x${line}` : line);
    const messages = Array.from({ length: parts }, () =>
      messageOf(Buffer.alloc(partBytes, 'x'), nanoseconds, stream),
    );
    messages.push(messageOf(`${line}\n`, nanoseconds, stream));
    return { stream, messages, heldUp };
  });
  for (let index = 1; index < written.length; index += 1) {
    const [before, after] = [written[index - 1], written[index]];
    // One copier was held up: the other's line, stamped later, is written first.
    if (!before?.heldUp || !after || before.stream === after.stream) continue;
    if (timeBetween(before.messages, after.messages) >= marginMs) continue;
    written[index - 1] = { ...after, heldUp: false };
    written[index] = before;
  }
  return { messages: written.flatMap(({ messages }) => messages), lines: lines.sort() };
}

function timeBetween(before: readonly LogMessage[], after: readonly LogMessage[]): number {
  return Date.parse(after[0]?.time ?? '') - Date.parse(before[0]?.time ?? '');
}

const turn = fc.record({
  /** Of the log, how much is written by then, in percent. */
  written: fc.nat({ max: 100 }),
  read: fc.nat({ max: 40 }),
  crash: fc.option(fc.nat({ max: 20 })),
});

describe('taking a log from a daemon', () => {
  test('stores each line once, whatever breaks when', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        fc.array(turn, { maxLength: 12 }),
        (steps, turns) => {
          const { messages, lines } = writeLog(steps);
          const log = new KeptLog();
          const taking = new Taking();
          let written = 0;
          for (const { written: percent, read, crash } of turns) {
            written = Math.max(written, Math.floor((messages.length * percent) / 100));
            log.messages = messages.slice(0, written);
            taking.read(log, read);
            if (crash !== null) taking.crash(crash);
          }
          log.messages = messages;
          taking.read(log, Infinity);
          taking.end();
          expect(taking.lines).toEqual(lines);
          expect(taking.gaps).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('tells of a gap when the daemon lost what comes next, and takes all that is left', () => {
    fc.assert(
      fc.property(
        fc.record({
          before: fc.integer({ min: 1, max: 20 }),
          after: fc.integer({ min: 0, max: 20 }),
          lost: fc.nat({ max: 40 }),
          crash: fc.option(fc.nat({ max: 20 })),
        }),
        ({ before, after, lost, crash }) => {
          const all = Array.from({ length: before + after }, (_unused, index) =>
            messageOf(`${index}\n`, index * 10_000 * millisecond),
          );
          const log = new KeptLog();
          const taking = new Taking();
          log.messages = all.slice(0, before);
          taking.read(log, Infinity);
          if (crash !== null) taking.crash(crash);
          const acknowledged = crash === null ? before : Math.min(crash, before);
          log.messages = all.slice(lost);
          taking.read(log, Infinity);
          const stored = new Set(taking.stored.values());
          for (const kept of log.messages) expect(stored).toContain(kept.text.toString().trim());
          const isLost = acknowledged > 0 && lost >= acknowledged && lost < all.length;
          expect(taking.gaps).toBe(isLost ? 1 : 0);
          // Only what was stored and not acknowledged when the daemon lost its place can be doubled.
          const mayDouble = crash !== null && lost > 0 && lost >= acknowledged;
          const doubled = mayDouble ? before - acknowledged : 0;
          expect(taking.stored.size - stored.size).toBeLessThanOrEqual(doubled);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('without a checkpoint makes the same records of the same log', () => {
    const { messages } = writeLog([
      { stream: 'stdout', afterMs: 0, parts: 2, heldUp: false },
      { stream: 'stderr', afterMs: 1, parts: 0, heldUp: false },
      { stream: 'stdout', afterMs: 900, parts: 0, heldUp: false },
    ]);
    const log = new KeptLog();
    log.messages = messages;
    const taking = new Taking();
    taking.read(log, Infinity);
    const first = new Map(taking.stored);
    taking.crash(0);
    taking.read(log, Infinity);
    expect(taking.stored).toEqual(first);
    // The daemon has lost the first line: what is left must not pass for it.
    log.messages = messages.slice(4);
    taking.crash(0);
    taking.acknowledged = firstCut();
    taking.crash(0);
    taking.read(log, Infinity);
    expect(taking.stored.size).toBe(first.size + 1);
  });

  test('begins after a time when it is told to', () => {
    const log = new KeptLog();
    log.messages = [1, 2, 3].map((second) => messageOf(`${second}\n`, second * 1e9));
    const taking = new Taking();
    taking.acknowledged = { ...firstCut(), point: startingPoint(log.messages[1]?.time ?? '') };
    taking.crash(0);
    taking.read(log, Infinity);
    expect(taking.lines).toEqual(['3']);
  });

  test('does not miss the next part of a line whose time is long past', () => {
    const log = new KeptLog();
    const part = messageOf(Buffer.alloc(partBytes, 'x'), 0);
    const others = Array.from({ length: 10 }, (_unused, index) =>
      messageOf(`${index}\n`, (index + 1) * 10_000 * millisecond, 'stderr'),
    );
    const taking = new Taking();
    log.messages = [part, ...others];
    taking.read(log, Infinity);
    log.messages = [part, ...others, messageOf('end\n', 0)];
    taking.read(log, Infinity);
    expect(taking.lines).toHaveLength(11);
    expect(taking.lines).toContain('xend');
  });

  test('cuts a line that is too long into records, the same ones after a crash', () => {
    const log = new KeptLog();
    const count = 3 * (limits.maxRecordBytes / partBytes);
    log.messages = Array.from({ length: count }, () => messageOf(Buffer.alloc(partBytes, 'x'), 7));
    log.messages.push(messageOf('\n', 7), messageOf('next\n', 8));
    const taking = new Taking();
    taking.read(log, count / 2);
    taking.crash(1);
    taking.read(log, Infinity);
    const sizes = [...taking.stored.values()].map((text) => text.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(limits.maxRecordBytes);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(count * partBytes + 'next'.length);
    expect(taking.acknowledged.position).toBeGreaterThan(limits.maxRecordBytes / 2);
    expect(messageBytes(messageOf('next\n'))).toBe(
      '2026-01-01T00:00:00.000000000Z stdout F next\n'.length,
    );
  });
});
