/**
 * Kernel files in which a value was out of range: negative, or beyond 2^63. Such a value is left
 * out of its row. Counted by the kind of file, which is a closed list; told once for each kind.
 */
export class DamagedFiles {
  readonly #counts = new Map<string, number>();
  readonly #onFirst: (path: string) => void;

  /** @param onFirst Told of the first damaged file of each kind. */
  constructor(onFirst: (path: string) => void) {
    this.#onFirst = onFirst;
  }

  /** Values left out, by kind of file, such as `memory.stat` or `net/dev`. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Takes note of `count` values left out of a file; of none is not worth a call, but allowed. */
  add(kind: string, path: string, count: number): void {
    if (count <= 0) return;
    const known = this.#counts.get(kind);
    if (known === undefined) this.#onFirst(path);
    this.#counts.set(kind, (known ?? 0) + count);
  }
}
