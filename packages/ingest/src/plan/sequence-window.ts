/** Sequence numbers remembered per collector and epoch: far more than a retry can reach back. */
const windowSize = 4096;
/** Collectors (and epochs of theirs) remembered. */
const maxCollectors = 10_000;

export interface FrameIdentity {
  collector_id: string;
  epoch: number;
  sequence: number;
}

/**
 * Recognises a rows frame that was delivered twice. Log frames need it not: their byte ranges say
 * the same, and for good. This memory is the process's: a repeat across a restart is not seen.
 */
export class SequenceWindow {
  /** In the order of last use. */
  readonly #seen = new Map<string, Set<number>>();

  has({ collector_id: collectorId, epoch, sequence }: FrameIdentity): boolean {
    return this.#seen.get(`${collectorId}/${epoch}`)?.has(sequence) ?? false;
  }

  /** After the frame is stored. */
  add({ collector_id: collectorId, epoch, sequence }: FrameIdentity): void {
    const key = `${collectorId}/${epoch}`;
    const sequences = this.#seen.get(key) ?? new Set();
    sequences.add(sequence);
    dropFirst(sequences, windowSize);
    this.#seen.delete(key);
    this.#seen.set(key, sequences);
    dropFirst(this.#seen, maxCollectors);
  }
}

/** Sets and maps keep the order of insertion. */
function dropFirst(collection: Set<number> | Map<string, unknown>, limit: number): void {
  for (const key of collection.keys()) {
    if (collection.size <= limit) return;
    (collection as { delete(key: unknown): boolean }).delete(key);
  }
}
