/** The store itself is in trouble: everybody's requests are answered badly. */
import type { StoreFault, StoreFront } from '../pipeline.ts';

export class StoreGroup implements StoreFront {
  readonly name: string;
  readonly #fronts: readonly StoreFront[];

  constructor(name: string, fronts: readonly StoreFront[]) {
    this.name = name;
    this.#fronts = fronts;
  }

  misbehave(fault: StoreFault): void {
    for (const front of this.#fronts) front.misbehave(fault);
  }

  behave(): number {
    return this.#fronts.reduce((effects, front) => effects + front.behave(), 0);
  }
}
