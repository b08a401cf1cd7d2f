/** Which numbers were seen among lines that hold `line <number>.`, each once. */
export interface NumberedSummary {
  seen: number;
  doubled: number;
  highest: number;
  /** Runs of numbers from 1 to the highest that were not seen, `[from, to]`; the first hundred. */
  missing: [number, number][];
  missingTotal: number;
}

export class NumberedLines {
  #bits = new Uint8Array(1 << 16);
  #seen = 0;
  #doubled = 0;
  #highest = 0;

  take(text: Buffer): void {
    for (const [, digits] of text.toString('latin1').matchAll(/\bline (\d+)\./g)) {
      this.#add(Number(digits));
    }
  }

  summary(): NumberedSummary {
    const missing: [number, number][] = [];
    let missingTotal = 0;
    for (let number = 1; number <= this.#highest; number += 1) {
      if (this.#bits[number] === 1) continue;
      missingTotal += 1;
      const last = missing.at(-1);
      if (last?.[1] === number - 1) last[1] = number;
      else if (missing.length < 100) missing.push([number, number]);
    }
    const [seen, doubled, highest] = [this.#seen, this.#doubled, this.#highest];
    return { seen, doubled, highest, missing, missingTotal };
  }

  #add(number: number): void {
    if (number >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(number + 1, this.#bits.length * 2));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    if (this.#bits[number] === 1) this.#doubled += 1;
    else this.#seen += 1;
    this.#bits[number] = 1;
    this.#highest = Math.max(this.#highest, number);
  }
}
