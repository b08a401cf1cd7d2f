import type { AdhocLimits, AdhocResult } from '../engine.ts';
import { toStorageError } from '../engine-error.ts';

/** What the engine has read for a statement so far. */
export interface ReadProgress {
  rows: number;
  bytes: number;
}

export interface CollectOptions {
  limits: AdhocLimits;
  /** Asked after a chunk has come, and at the end; the larger answer stands. */
  progress(): Promise<ReadProgress>;
}

/** How often at most progress is asked for, once the first few chunks are in. */
const progressIntervalMs = 100;

/**
 * Gathers JSONCompactEachRowWithNamesAndTypes into a result and stops at the first limit: a row
 * is in it as a whole or not at all.
 */
export async function collectAdhoc(
  chunks: AsyncIterable<Buffer>,
  options: CollectOptions,
): Promise<AdhocResult> {
  const started = performance.now();
  const result = new ResultBuilder(options.limits);
  let read: ReadProgress = { rows: 0, bytes: 0 };
  let askedAt = -Infinity;
  try {
    for await (const chunk of chunks) {
      if (performance.now() - askedAt > progressIntervalMs) {
        read = later(read, await options.progress());
        askedAt = performance.now();
      }
      if (!result.add(chunk)) break;
    }
    read = later(read, await options.progress());
  } catch (error) {
    throw toStorageError(error);
  }
  return {
    ...result.finish(),
    elapsedMs: performance.now() - started,
    readRows: read.rows,
    readBytes: read.bytes,
  };
}

function later(before: ReadProgress, now: ReadProgress): ReadProgress {
  return now.rows >= before.rows ? now : before;
}

class ResultBuilder {
  readonly #limits: AdhocLimits;
  readonly #rows: unknown[][] = [];
  #names: string[] | undefined;
  #types: string[] | undefined;
  #rest: Buffer | undefined;
  #bytes = 0;
  #limit: 'rows' | 'bytes' | null = null;

  constructor(limits: AdhocLimits) {
    this.#limits = limits;
  }

  /** False when a limit was reached: no more is wanted. */
  add(chunk: Buffer): boolean {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      if (!this.#addLine(bytes.toString('utf8', start, end), end - start)) return false;
      start = end + 1;
    }
    this.#rest = start < bytes.length ? bytes.subarray(start) : undefined;
    return true;
  }

  finish(): Pick<AdhocResult, 'columns' | 'rows' | 'truncated' | 'limit'> {
    const types = this.#types ?? [];
    const columns = (this.#names ?? []).map((name, index) => ({ name, type: types[index] ?? '' }));
    return { columns, rows: this.#rows, truncated: this.#limit !== null, limit: this.#limit };
  }

  #addLine(line: string, bytes: number): boolean {
    if (line === '') return true;
    // The engine wrote this line in the format asked for: an array of values.
    const values = JSON.parse(line) as unknown[];
    if (!this.#names) {
      this.#names = values.map(String);
    } else if (!this.#types) {
      this.#types = values.map(String);
    } else {
      return this.#addRow(values, bytes);
    }
    return true;
  }

  #addRow(values: unknown[], bytes: number): boolean {
    if (this.#rows.length >= this.#limits.maxRows) this.#limit = 'rows';
    else if (this.#bytes + bytes > this.#limits.maxResultBytes) this.#limit = 'bytes';
    if (this.#limit) return false;
    this.#rows.push(values);
    this.#bytes += bytes;
    return true;
  }
}
