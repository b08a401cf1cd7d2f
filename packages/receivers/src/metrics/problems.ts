/** What was wrong with a request: the first few in words, all of them counted. */
export class Problems {
  readonly #maxTold: number;
  readonly #told: string[] = [];
  total = 0;

  constructor(maxTold: number) {
    this.#maxTold = maxTold;
  }

  /** @param describe asked only while there is room: a request may hold hundreds of thousands. */
  add(describe: () => string): void {
    this.total += 1;
    if (this.#told.length < this.#maxTold) this.#told.push(describe());
  }

  /** One line each. */
  describe(): string {
    const untold = this.total - this.#told.length;
    return [...this.#told, ...(untold > 0 ? [`and ${untold} more`] : [])].join('\n');
  }
}
