import type { Engine } from '@plimsoll/storage';
import { keyOf, type FileKey } from './file-key.ts';
import { loadRanges, type AskingBatch } from './load-ranges.ts';
import { addRange, emptyRanges, type Range, type RangeSet } from './range-set.ts';

/** A batch, and the time since when its partition has been this process's. */
export interface OwnedBatch extends AskingBatch {
  epoch: number;
}

/**
 * Which bytes of which file are stored, from `log_ranges`, kept for the files used last.
 *
 * A replay must cut its chunks exactly as the first try did. The first try knew the ranges of
 * earlier batches only, and a batch that died half-way may have left its own: so rows of the asking
 * batch and of later ones of the same partition are never loaded. What is kept belongs to a
 * partition and an epoch: when the partition has been away, others have stored batches of it.
 */
export class StoredRanges {
  readonly #engine: Engine;
  readonly #maxFiles: number;
  readonly #epochs = new Map<string, number>();
  /** By partition and file, in the order of last use. */
  readonly #files = new Map<string, RangeSet>();

  /** @param options.maxFiles over all partitions */
  constructor(engine: Engine, options: { maxFiles: number }) {
    this.#engine = engine;
    this.#maxFiles = options.maxFiles;
  }

  get size(): number {
    return this.#files.size;
  }

  /** Ranges of each file, by `keyOf`; loaded where they are not known. */
  async of(
    files: readonly FileKey[],
    batch: OwnedBatch,
    signal: AbortSignal,
  ): Promise<Map<string, RangeSet>> {
    this.#enter(batch);
    const answer = new Map<string, RangeSet>();
    const missing: FileKey[] = [];
    for (const file of files) {
      const known = this.#isCurrent(batch) ? this.#files.get(nameOf(batch, file)) : undefined;
      if (known === undefined) missing.push(file);
      else answer.set(keyOf(file), known);
    }
    if (missing.length > 0) {
      const loaded = await loadRanges(this.#engine, missing, { batch, signal });
      for (const file of missing) answer.set(keyOf(file), loaded.get(keyOf(file)) ?? emptyRanges);
    }
    if (this.#isCurrent(batch)) {
      for (const file of files) this.#keep(nameOf(batch, file), answer.get(keyOf(file)));
      this.#forgetOldest();
    }
    return answer;
  }

  /** After the ranges are stored. A file that was forgotten meanwhile is loaded when next asked. */
  add(batch: OwnedBatch, file: FileKey, range: Range): void {
    if (!this.#isCurrent(batch)) return;
    const name = nameOf(batch, file);
    const known = this.#files.get(name);
    if (known) this.#files.set(name, addRange(known, range));
  }

  #enter({ partition, epoch }: OwnedBatch): void {
    const current = this.#epochs.get(partition);
    if (current !== undefined && current >= epoch) return;
    this.#epochs.set(partition, epoch);
    if (current === undefined) return;
    for (const name of this.#files.keys()) {
      if (name.startsWith(`${partition}\n`)) this.#files.delete(name);
    }
  }

  /** False for a handler that outlived its partition's time here: it may look, and leaves nothing. */
  #isCurrent({ partition, epoch }: OwnedBatch): boolean {
    return this.#epochs.get(partition) === epoch;
  }

  #keep(name: string, set: RangeSet = emptyRanges): void {
    this.#files.delete(name);
    this.#files.set(name, set);
  }

  #forgetOldest(): void {
    for (const name of this.#files.keys()) {
      if (this.#files.size <= this.#maxFiles) return;
      this.#files.delete(name);
    }
  }
}

function nameOf({ partition }: AskingBatch, file: FileKey): string {
  return `${partition}\n${keyOf(file)}`;
}
