/**
 * One value for all who ask: loaded at most once at a time, re-used while it is fresh. A failure is
 * told to those who waited and not kept. Holds one value, so it cannot grow.
 */
export class SharedValue<T> {
  readonly #load: () => Promise<T>;
  readonly #freshForMs: number;
  readonly #monotonic: () => number;
  #newest: { loadedAt: number; value: Promise<T> } | null = null;

  constructor(
    load: () => Promise<T>,
    freshForMs: number,
    monotonic: () => number = () => performance.now(),
  ) {
    this.#load = load;
    this.#freshForMs = freshForMs;
    this.#monotonic = monotonic;
  }

  get(): Promise<T> {
    const newest = this.#newest;
    if (newest !== null && this.#monotonic() - newest.loadedAt <= this.#freshForMs) {
      return newest.value;
    }
    // Endless while it loads: who comes meanwhile shares the wait, however long it takes.
    const entry = { loadedAt: Number.POSITIVE_INFINITY, value: this.#load() };
    this.#newest = entry;
    void this.#settle(entry);
    return entry.value;
  }

  async #settle(entry: { loadedAt: number; value: Promise<T> }): Promise<void> {
    try {
      await entry.value;
      entry.loadedAt = this.#monotonic();
    } catch {
      // Told to those who wait for the value itself.
      if (this.#newest === entry) this.#newest = null;
    }
  }
}
