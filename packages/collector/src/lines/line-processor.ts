/**
 * Looks at each line of a log: joins lines into records, redacts, withholds what is over a quota.
 *
 *     block ─▶ lines ─▶ groups of lines ─▶ cut ─▶ quota ─▶ redaction ─▶ records
 *
 * Everything is done on whole blocks, in memory that all processors share, as one is at work at a
 * time.
 */
import assert from 'node:assert/strict';
import { limits } from '@plimsoll/model';
import type { Processed, ProcessContext, RecordProcessor } from '../tail/record-processor.ts';
import { LineGroups } from './group-lines.ts';
import type { JoinRule } from './join-rule.ts';
import { parseCri } from './parse/cri.ts';
import { DockerJsonReader } from './parse/docker-json.ts';
import { parsePlain } from './parse/plain.ts';
import { Quota, TimeReader, type BucketLevel } from './quota.ts';
import { maxLines, noStream, RawLines, streamNames } from './raw-lines.ts';
import { RecordWriter } from './record-writer.ts';
import { wordView, type WordView } from './word-view.ts';
import { LineRedaction } from './redact-lines.ts';
import { Redactor, type RedactRule } from './redactor.ts';

export interface LineProcessorOptions {
  format: 'docker-json' | 'cri' | 'plain';
  join: JoinRule | null;
  redact: readonly RedactRule[];
  /** 0: none. */
  quotaBytesPerSecond: number;
  maxWaitMs: number;
  onWithheld: (withheld: Withheld) => void;
}

/** Lines and bytes of the log that were not published. */
export interface Withheld {
  lines: number;
  bytes: number;
}

const newline = 0x0a;
/** A secret in a line of over 1 MiB is seen whole, wherever the line is cut, up to this length. */
const longestCutSecretBytes = 64 * 1024;

interface Scratch {
  lines: RawLines;
  docker: DockerJsonReader;
  groups: LineGroups;
  redaction: LineRedaction;
  writer: RecordWriter;
}
let scratch: Scratch | null = null;

function sharedScratch(): Scratch {
  if (scratch !== null) return scratch;
  const lines = new RawLines();
  scratch = {
    lines,
    docker: new DockerJsonReader(lines),
    groups: new LineGroups(),
    redaction: new LineRedaction(),
    writer: new RecordWriter(),
  };
  return scratch;
}

export class LineProcessor implements RecordProcessor {
  readonly maxWaitMs: number;
  readonly #options: LineProcessorOptions;
  readonly #redactor: Redactor | null;
  readonly #quota: Quota | null;
  readonly #times = new TimeReader();
  readonly #scratch = sharedScratch();
  /** Of what was accepted, and of what was processed last. */
  #level: BucketLevel;
  #nextLevel: BucketLevel;
  #withheld: Withheld = { lines: 0, bytes: 0 };

  constructor(options: LineProcessorOptions) {
    this.#options = options;
    this.maxWaitMs = options.maxWaitMs;
    this.#redactor = options.redact.length > 0 ? new Redactor(options.redact) : null;
    this.#quota = options.quotaBytesPerSecond > 0 ? new Quota(options.quotaBytesPerSecond) : null;
    this.#level = this.#quota?.full() ?? { bytes: 0, atMs: NaN };
    this.#nextLevel = { ...this.#level };
  }

  process(given: Buffer, context: ProcessContext): Processed {
    const block = given.subarray(0, limits.maxRecordBytes);
    const isFull = block.length === limits.maxRecordBytes;
    const isFinal = context.isFinal && block.length === given.length;
    const { lines, groups } = this.#scratch;
    this.#nextLevel = { ...this.#level };
    this.#withheld = { lines: 0, bytes: 0 };
    const view = wordView(block);
    const isWhole = this.#parse(view, isFinal);
    if (lines.count === 0 && isFull) this.#parseBeginning(block);
    groups.group(lines, this.#options.join);
    let cut = groups.cut(lines, isFinal && isWhole ? 'all' : 'none');
    if (cut === 0 && (context.releases || isFull || !isWhole)) {
      cut = this.#forcedCut(groups.cut(lines, 'oldest'));
    }
    return this.#processed(cut, { block, view, context });
  }

  accept(): void {
    this.#level = this.#nextLevel;
    if (this.#withheld.lines > 0) this.#options.onWithheld(this.#withheld);
    this.#withheld = { lines: 0, bytes: 0 };
  }

  /** Takes the block apart; false where it holds more lines than are looked at in one go. */
  #parse(view: WordView, isFinal: boolean): boolean {
    const block = view.bytes;
    const { lines } = this.#scratch;
    const { format } = this.#options;
    const docker = format === 'docker-json' ? this.#scratch.docker : null;
    docker?.begin(view);
    const parse = format === 'cri' ? parseCri : parsePlain;
    lines.reset();
    for (let start = 0; start < block.length;) {
      if (lines.count === maxLines) return !isFinal && !block.includes(newline, start);
      let end = docker?.read(start) ?? 0;
      if (end === 0) {
        end = block.indexOf(newline, start) + 1;
        if (end === 0 && !isFinal) return true;
        if (end === 0) end = block.length;
        if (docker === null) parse(block, [start, end], lines);
        else docker.readRange([start, end]);
      }
      start = end;
    }
    return true;
  }

  /** A line longer than the longest record: what is there of it is a record of its own. */
  #parseBeginning(block: Buffer): void {
    const cut =
      this.#redactor?.safeCut(block.toString('latin1'), block.length - longestCutSecretBytes) ??
      block.length;
    parsePlain(block, [0, cut], this.#scratch.lines);
  }

  /** Between two parts of a line that is too long, not across what is to be redacted. */
  #forcedCut(cut: number): number {
    const { lines } = this.#scratch;
    if (this.#redactor === null || lines.isPart[cut - 1] !== 1) return cut;
    const behind = lines.textEnd[cut - 1] ?? 0;
    const text = lines.texts.toString('latin1', 0, behind);
    const wanted = Math.max(1, behind - longestCutSecretBytes);
    const safe = this.#redactor.safeCut(text, wanted);
    for (let line = cut - 1; line > 0; line -= 1) {
      const at = lines.textEnd[line - 1] ?? 0;
      if (at > safe) continue;
      return this.#redactor.safeCut(text, at) === at ? line : cut;
    }
    return cut;
  }

  #processed(cut: number, block: BlockInHand): Processed {
    const { lines, groups, redaction, writer } = this.#scratch;
    writer.reset();
    if (this.#redactor !== null) redaction.redact(this.#redactor, { lines, groups, cut });
    // One object for all of them.
    const range = { first: 0, cut };
    for (let group = 0; group < groups.count; group += 1) {
      range.first = groups.first[group] ?? 0;
      if (range.first >= cut) break;
      this.#publish(range, block);
    }
    const { start } = block.context;
    const bytes = cut === 0 ? 0 : lines.startOf(cut);
    const waiting = cut === 0 ? groups.oldestOpenLine : -1;
    return {
      bytes,
      lines: bytes > 0 && block.block[bytes - 1] !== newline ? cut - 1 : cut,
      payload: writer.payload,
      records: writer.records,
      isWaiting: waiting >= 0,
      waitsFrom: waiting < 0 ? -1 : start + lines.startOf(waiting + 1),
    };
  }

  #publish(range: RecordRange, hand: BlockInHand): void {
    if (this.#quota !== null && !this.#isWithinQuota(this.#quota, range, hand)) return;
    this.#writeHead(range, hand);
    const { redaction, writer } = this.#scratch;
    if (this.#redactor === null || !redaction.isDue(range.first)) this.#writeText(range);
    else this.#writeRedacted(range, this.#redactor);
    writer.end();
  }

  #isWithinQuota(quota: Quota, { first, cut }: RecordRange, hand: BlockInHand): boolean {
    const { lines, groups } = this.#scratch;
    let bytes = 0;
    let count = 0;
    for (let line = first; line >= 0 && line < cut; line = groups.next[line] ?? -1) {
      bytes += (lines.end[line] ?? 0) - lines.startOf(line);
      count += 1;
    }
    if (quota.take(this.#nextLevel, bytes, this.#timeOf(first, hand))) return true;
    this.#withheld.lines += count;
    this.#withheld.bytes += bytes;
    return false;
  }

  /** When the line was written; when it is read, of a format that does not say. */
  #timeOf(line: number, { block, context }: BlockInHand): number {
    if (this.#options.format === 'plain') return context.nowMs;
    const { timeStart, timeEnd } = this.#scratch.lines;
    const end = timeEnd[line] ?? 0;
    return end === 0 ? NaN : this.#times.read(block, timeStart[line] ?? 0, end);
  }

  #writeRedacted(range: RecordRange, redactor: Redactor): void {
    const { lines, groups } = this.#scratch;
    const { first, cut } = range;
    let text = '';
    // Where a part continues a line.
    const parts: number[] = [];
    for (let line = first; line >= 0 && line < cut; line = groups.next[line] ?? -1) {
      if (line !== first && groups.isJoined[line] === 1) parts.push(text.length);
      else if (line !== first) text += '\n';
      text += lines.texts.toString('latin1', lines.textStart[line], lines.textEnd[line]);
    }
    const redacted = redactor.redact(text, parts);
    if (redacted === text) this.#writeText(range);
    else this.#writeChanged(range, redacted, parts);
  }

  #writeHead({ first, cut }: RecordRange, { view, context }: BlockInHand): void {
    const { lines, groups, writer } = this.#scratch;
    const start = lines.timeStart[first] ?? 0;
    const end = lines.timeEnd[first] ?? 0;
    writer.begin(context.start + lines.startOf(first));
    writer.time(view, start, end);
    writer.stream(streamNames[lines.stream[first] ?? noStream] ?? '');
    const second = groups.next[first] ?? -1;
    for (let line = second; line >= 0 && line < cut; line = groups.next[line] ?? -1) {
      writer.linePosition(context.start + lines.startOf(line), line === second);
    }
    writer.beginText();
  }

  #writeText({ first, cut }: RecordRange): void {
    const { lines, groups, writer } = this.#scratch;
    for (let line = first; line >= 0 && line < cut; line = groups.next[line] ?? -1) {
      if (line !== first) writer.break(groups.isJoined[line] === 1 ? 'part' : 'lineFeed');
      const start = lines.textStart[line] ?? 0;
      const end = lines.textEnd[line] ?? 0;
      if (lines.isSpecial[line] === 1) writer.text(lines.texts, start, end);
      else writer.plainText(lines.textWords, start, end);
    }
  }

  /**
   * Line feeds of a changed text are as many, and in the same order, as before; parts begin where
   * they did, or where what replaces their beginning does.
   */
  #writeChanged({ first, cut }: RecordRange, changed: string, parts: readonly number[]): void {
    const { lines, groups, writer } = this.#scratch;
    let at = 0;
    let part = 0;
    const writeUntil = (end: number, kind: 'part' | 'lineFeed' | 'innerLineFeed'): void => {
      assert(end >= at, 'a changed text has as many line feeds as before');
      writer.string(changed.slice(at, end));
      writer.break(kind);
      at = kind === 'part' ? end : end + 1;
    };
    for (let line = first; line >= 0 && line < cut; line = groups.next[line] ?? -1) {
      if (line !== first && groups.isJoined[line] === 1) {
        writeUntil(Math.max(at, parts[part++] ?? 0), 'part');
      } else if (line !== first) writeUntil(changed.indexOf('\n', at), 'lineFeed');
      for (let inner = lines.innerLines[line] ?? 0; inner > 0; inner -= 1) {
        writeUntil(changed.indexOf('\n', at), 'innerLineFeed');
      }
    }
    writer.string(changed.slice(at));
  }
}

/** A group's first line, and the line before which the block is cut. */
interface RecordRange {
  first: number;
  cut: number;
}

interface BlockInHand {
  block: Buffer;
  view: WordView;
  context: ProcessContext;
}
