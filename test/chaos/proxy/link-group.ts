/** Links that break together: one side is cut off from all of the other. */
import type { Link, LinkFault } from '../pipeline.ts';

export class LinkGroup implements Link {
  readonly name: string;
  readonly #links: readonly Link[];

  constructor(name: string, links: readonly Link[]) {
    this.name = name;
    this.#links = links;
  }

  break(fault: LinkFault): void {
    for (const link of this.#links) link.break(fault);
  }

  heal(): number {
    return this.#links.reduce((effects, link) => effects + link.heal(), 0);
  }
}
