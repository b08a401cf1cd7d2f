import assert from 'node:assert/strict';

/** What one part of a process makes when it starts, for the parts that start after it. */
export class Slot<T> {
  readonly #name: string;
  #value: T | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  get isFilled(): boolean {
    return this.#value !== null;
  }

  set(value: T): void {
    this.#value = value;
  }

  get(): T {
    assert(this.#value !== null, `${this.#name} is used before it was started: see start-order.ts`);
    return this.#value;
  }
}
