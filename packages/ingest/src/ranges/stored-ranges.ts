import type { Engine } from '@plimsoll/storage';
import { addRange, emptyRanges, type Range, type RangeSet } from './range-set.ts';

export interface FileKey {
  tenant: string;
  fileId: string;
}

/** The batch that asks: its own rows and later ones of its partition are none of its past. */
export interface AskingBatch {
  partition: string;
  first: number;
}

/**
 * Which bytes of which file are stored, from `log_ranges`, kept for the files used last.
 *
 * A replay must cut its chunks exactly as the first try did. The first try knew the ranges of
 * earlier batches only, and a batch that died half-way may have left its own: so rows of the asking
 * batch and of later ones of the same partition are never loaded.
 */
export class StoredRanges {
  readonly #engine: Engine;
  readonly #maxFiles: number;
  /** In the order of last use. */
  readonly #files = new Map<string, RangeSet>();

  constructor(engine: Engine, options: { maxFiles: number }) {
    this.#engine = engine;
    this.#maxFiles = options.maxFiles;
  }

  get size(): number {
    return this.#files.size;
  }

  /** Ranges of each file, loaded in one query where they are not known. */
  async of(
    files: readonly FileKey[],
    batch: AskingBatch,
    signal: AbortSignal,
  ): Promise<Map<string, RangeSet>> {
    const missing = files.filter((file) => !this.#files.has(keyOf(file)));
    const loaded =
      missing.length > 0 ? await this.#load(missing, batch, signal) : new Map<string, RangeSet>();
    for (const file of missing) this.#keep(keyOf(file), loaded.get(keyOf(file)) ?? emptyRanges);
    const answer = new Map<string, RangeSet>();
    for (const file of files) answer.set(keyOf(file), this.#touch(keyOf(file)));
    this.#forgetOldest();
    return answer;
  }

  /** After the ranges are stored. A file that was forgotten meanwhile is loaded when next asked. */
  add(file: FileKey, range: Range): void {
    const key = keyOf(file);
    const known = this.#files.get(key);
    if (known) this.#files.set(key, addRange(known, range));
  }

  async #load(
    files: readonly FileKey[],
    batch: AskingBatch,
    signal: AbortSignal,
  ): Promise<Map<string, RangeSet>> {
    const sets = new Map<string, RangeSet>();
    const rows = this.#engine.stream<{
      tenant: string;
      file_id: string;
      start: number;
      end: number;
    }>(
      `SELECT tenant, file_id, start, end FROM log_ranges
       WHERE tenant IN {tenants:Array(String)} AND file_id IN {files:Array(String)}
         AND NOT (partition = {partition:String} AND batch >= {first:UInt64})
       ORDER BY tenant, file_id, start`,
      {
        params: {
          tenants: [...new Set(files.map((file) => file.tenant))],
          files: [...new Set(files.map((file) => file.fileId))],
          partition: batch.partition,
          first: batch.first,
        },
        signal,
      },
    );
    for await (const part of rows) {
      for (const { tenant, file_id: fileId, start, end } of part) {
        const key = keyOf({ tenant, fileId });
        sets.set(key, addRange(sets.get(key) ?? emptyRanges, { start, end }));
      }
    }
    return sets;
  }

  #touch(key: string): RangeSet {
    const set = this.#files.get(key) ?? emptyRanges;
    this.#keep(key, set);
    return set;
  }

  #keep(key: string, set: RangeSet): void {
    this.#files.delete(key);
    this.#files.set(key, set);
  }

  #forgetOldest(): void {
    for (const key of this.#files.keys()) {
      if (this.#files.size <= this.#maxFiles) return;
      this.#files.delete(key);
    }
  }
}

/** One string per file: a tenant has no line break in its name. */
export function keyOf({ tenant, fileId }: FileKey): string {
  return `${tenant}\n${fileId}`;
}
