/**
 * Log records of one request, on their way from a decoder to chunks. Decoders add entries; `finish` gives
 * what is to be published: records of the same columns are one source, in the order they came, and
 * positions count on from source to source. So the same request always makes the same chunks.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  byteTextOf,
  encodePushedRecord,
  limits,
  type LogSource,
  type PushedRecord,
} from '@plimsoll/model';
import { ReceiverError } from '../receiver-error.ts';
import type { PushedChunk, PushedLogs } from '../sink/frame-sink.ts';
import type { MappedLabels } from './known-labels.ts';

/** Of one request. An empty record is two bytes of a body, and much more in memory. */
const maxRecords = 200_000;
/** Different sets of columns in one request. */
export const maxSources = 20_000;

/** Where entries go to: made once for all entries with the same labels. */
export interface EntryTarget {
  readonly group: Group;
  readonly stream: string;
  readonly severity: PushedRecord['severity'];
  /** JSON, one character per byte. */
  readonly labels: string;
}

interface Group extends Pick<LogSource, 'labels'> {
  records: Omit<PushedRecord, 'position'>[];
}

export interface LogBatchOptions {
  tenant: string;
  /** What was decoded from what: part of the identity. */
  protocol: string;
  /** The request's content, decompressed. */
  body: Buffer;
}

export class LogBatch {
  readonly #options: LogBatchOptions;
  readonly #groups = new Map<string, Group>();
  #newestNs = 0n;
  #isIdentified = true;
  #records = 0;

  constructor(options: LogBatchOptions) {
    this.#options = options;
  }

  get records(): number {
    return this.#records;
  }

  /** @throws {ReceiverError} `body_too_large` */
  target({ columns, stream, severity, rest }: MappedLabels): EntryTarget {
    const key = JSON.stringify(Object.values(columns));
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= maxSources) throw tooMany(maxSources, 'containers and hosts');
      group = { labels: { tenant: this.#options.tenant, ...columns }, records: [] };
      this.#groups.set(key, group);
    }
    return { group, stream, severity, labels: labelsText(rest) };
  }

  /**
   * @param text one character per byte; cut where it is longer than a record may be
   * @param timeNs null: the sender gave no time at all
   * @throws {ReceiverError} `body_too_large`
   */
  add(target: EntryTarget, { timeNs, text }: { timeNs: bigint | null; text: string }): void {
    const { group, stream, severity, labels } = target;
    if (timeNs === null) this.#isIdentified = false;
    else if (timeNs > this.#newestNs) this.#newestNs = timeNs;
    const { records } = group;
    const line = text.endsWith('\n') ? text.slice(0, -1) : text;
    let at = 0;
    do {
      if (this.#records >= maxRecords) throw tooMany(maxRecords, 'log records');
      const piece = line.slice(at, at + limits.maxRecordBytes);
      records.push({ timeNs, stream, severity, labels, text: piece });
      this.#records += 1;
      at += limits.maxRecordBytes;
    } while (at < line.length);
  }

  finish(): PushedLogs {
    const identity = this.#identity();
    const chunks: PushedChunk[] = [];
    let position = 0;
    for (const { labels, records } of this.#groups.values()) {
      const source: LogSource = {
        labels,
        format: 'pushed',
        file_id: identity,
        path: '',
        stream: '',
      };
      for (const run of runsOf(records, position)) {
        chunks.push({ source, ...run });
        position = run.end;
      }
    }
    return { identity, chunks };
  }

  /**
   * What a client repeats has the same bytes, and so the same identity; what differs in a label, a
   * time or a line has another. A record without any time could truly come twice: then nothing tells
   * a repetition from another push, and both are kept.
   *
   * Seconds stand in front so that pushes of about the same time lie together where they are looked up.
   */
  #identity(): string {
    const { tenant, protocol, body } = this.#options;
    const hash = createHash('sha256').update(`${tenant}\n${protocol}\n`).update(body);
    if (!this.#isIdentified) hash.update(randomUUID());
    const seconds = this.#newestNs / 1_000_000_000n;
    const shown = seconds > 9_999_999_999n ? 0n : seconds;
    return `push/${String(shown).padStart(10, '0')}/${hash.digest('hex').slice(0, 32)}`;
  }
}

function tooMany(limit: number, of: string): ReceiverError {
  const message = `body: expected at most ${limit} ${of} in one request; send smaller batches`;
  return new ReceiverError('body_too_large', message);
}

/** JSON of labels as records carry it; empty for none. */
function labelsText(rest: readonly (readonly [name: string, value: string])[]): string {
  if (rest.length === 0) return '';
  const parts = rest.map(
    ([name, value]) =>
      `${JSON.stringify(name.toWellFormed())}:${JSON.stringify(value.toWellFormed())}`,
  );
  return byteTextOf(`{${parts.join(',')}}`);
}

/** Records as payloads of about a chunk each; a record is never divided. */
function* runsOf(
  records: readonly Omit<PushedRecord, 'position'>[],
  first: number,
): Generator<{ start: number; end: number; payload: Buffer }> {
  let start = first;
  let lines: string[] = [];
  let bytes = 0;
  for (const [index, record] of records.entries()) {
    const line = encodePushedRecord({ ...record, position: first + index });
    if (bytes > 0 && bytes + line.length > limits.maxChunkBytes) {
      yield { start, end: first + index, payload: Buffer.from(lines.join(''), 'latin1') };
      start = first + index;
      lines = [];
      bytes = 0;
    }
    lines.push(line);
    bytes += line.length;
  }
  if (lines.length > 0) {
    const payload = Buffer.from(lines.join(''), 'latin1');
    yield { start, end: first + records.length, payload };
  }
}
