/** A set of small numbers. */
export class Bitmap {
  #words = new Uint32Array(1024);

  /** True when it was there before. */
  add(number: number): boolean {
    const word = number >>> 5;
    if (word >= this.#words.length) {
      const larger = new Uint32Array(Math.max(word + 1, this.#words.length * 2));
      larger.set(this.#words);
      this.#words = larger;
    }
    const bit = 1 << (number & 31);
    const before = this.#words[word] ?? 0;
    this.#words[word] = before | bit;
    return (before & bit) !== 0;
  }

  has(number: number): boolean {
    return ((this.#words[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0;
  }
}
