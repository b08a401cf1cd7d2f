/** How far one value may go: a body of megabytes can say gigabytes of empty lists within each other. */
import { invalidBody } from '../receiver-error.ts';

/** Levels of arrays and lists within each other. */
const maxDepth = 32;
const maxValues = 65_536;

export class Nesting {
  #depth = 0;
  #values = 0;

  /** Before each value within another. @throws {ReceiverError} `invalid_body` */
  enter(): void {
    this.#depth += 1;
    this.#values += 1;
    if (this.#depth > maxDepth) {
      throw invalidBody(`attributes: expected at most ${maxDepth} levels within each other`);
    }
    if (this.#values > maxValues) {
      throw invalidBody(`attributes: expected at most ${maxValues} values within one`);
    }
  }

  leave(): void {
    this.#depth -= 1;
  }
}
