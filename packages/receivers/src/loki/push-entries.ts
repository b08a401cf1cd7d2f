/** Streams and entries of a Loki push, whatever they were encoded in, on their way into a batch. */
import { mapLabels } from '../logs/known-labels.ts';
import { labelProblem } from '../logs/label-limits.ts';
import { type DecodedLogs, noRejections, reject } from '../logs/decoded-logs.ts';
import { type EntryTarget, LogBatch } from '../logs/log-batch.ts';

export type Label = readonly [name: string, value: string];

/** Streams of one request whose entries are told one after another. */
export class PushEntries {
  readonly #batch: LogBatch;
  readonly #rejected = noRejections();
  #name = '';
  #labels: readonly Label[] = [];
  #target: EntryTarget | null = null;
  #problem: string | null = null;
  /** Entries of a stream often share their metadata. */
  readonly #targets = new Map<string, EntryTarget | string>();

  constructor(batch: LogBatch) {
    this.#batch = batch;
  }

  /** @param name as errors name the stream; `problem`: why none of its entries can be taken */
  beginStream(name: string, labels: readonly Label[], problem: string | null): void {
    this.#name = name;
    this.#labels = labels;
    this.#target = null;
    this.#targets.clear();
    this.#problem = problem ?? labelProblem(labels);
  }

  /** @param text one character per byte */
  add(timeNs: bigint, text: string, metadata: readonly Label[]): void {
    const target = this.#targetOf(metadata);
    if (typeof target === 'string') reject(this.#rejected, `${this.#name}: ${target}`);
    else this.#batch.add(target, { timeNs, text });
  }

  finish(): DecodedLogs {
    const { records } = this.#batch;
    return {
      logs: records === 0 ? null : this.#batch.finish(),
      records,
      rejected: this.#rejected,
    };
  }

  /** Or why there is none. */
  #targetOf(metadata: readonly Label[]): EntryTarget | string {
    if (this.#problem !== null) return this.#problem;
    if (metadata.length === 0) {
      return (this.#target ??= this.#batch.target(mapLabels(this.#labels)));
    }
    const key = JSON.stringify(metadata);
    const known = this.#targets.get(key);
    if (known !== undefined) return known;
    const all = [...this.#labels, ...metadata];
    const target = labelProblem(all) ?? this.#batch.target(mapLabels(all));
    if (this.#targets.size >= maxTargets) this.#targets.clear();
    this.#targets.set(key, target);
    return target;
  }
}

const maxTargets = 256;
