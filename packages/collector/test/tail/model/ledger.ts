/** What became of each byte, by its number. */
import assert from 'node:assert/strict';

export class Ledger {
  /** Nobody can have read it: destroyed, or only ever held by a collector that was killed. */
  readonly excused = new Set<number>();
  /** Handed over by the tailer since the collector was started last. */
  readonly handed = new Set<number>();
  readonly #stored = new Map<number, number>();
  /** By file id, the number of the byte at each position. */
  readonly #files = new Map<string, Map<number, number>>();

  /** Ingest: what is there already is trimmed. */
  store(fileId: string, start: number, ids: readonly number[]): void {
    const known = this.#files.get(fileId) ?? new Map<number, number>();
    this.#files.set(fileId, known);
    for (const [index, id] of ids.entries()) {
      const before = known.get(start + index);
      if (before !== undefined) {
        // A range that comes twice is dropped unseen: another byte would be lost here.
        assert.equal(id, before, `file ${fileId}: position ${start + index} came with other bytes`);
        continue;
      }
      known.set(start + index, id);
      this.#stored.set(id, (this.#stored.get(id) ?? 0) + 1);
    }
  }

  isStored(id: number): boolean {
    return this.#stored.has(id);
  }

  /** Of the numbers below `count`: neither stored nor excused, and stored more than once. */
  account(count: number): { missing: number[]; doubled: number[] } {
    const account: { missing: number[]; doubled: number[] } = { missing: [], doubled: [] };
    for (let id = 0; id < count; id += 1) {
      const times = this.#stored.get(id) ?? 0;
      if (times > 1) account.doubled.push(id);
      if (times === 0 && !this.excused.has(id)) account.missing.push(id);
    }
    return account;
  }
}
