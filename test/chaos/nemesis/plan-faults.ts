/**
 * The whole schedule from a seed, before anything happens: the same seed and the same surface give the
 * same faults at the same times. Two lanes run beside each other, so that two faults may overlap.
 */
import { randomFrom } from '../../harness/random.ts';
import { linkFaults, storeFaults } from '../pipeline.ts';
import { spotOf, type FaultKind, type PlannedFault, type SurfaceNames } from './fault.ts';

export interface PlanOptions {
  seed: number;
  /** When the last fault is over at the latest. */
  lengthMs: number;
  /** After which a paused consumer is thrown out of its group. */
  sessionTimeoutMs: number;
}

const lanes = 2;
const firstAtMs = 5000;
/** Between two faults of a lane. */
const gapMs = { least: 300, most: 1500 };

export function planFaults(surface: SurfaceNames, options: PlanOptions): PlannedFault[] {
  const random = randomFrom(options.seed);
  const deck = new Deck(surface, random, options.sessionTimeoutMs);
  const planned: PlannedFault[] = [];
  const freeAtMs: number[] = Array<number>(lanes).fill(firstAtMs);
  for (;;) {
    const lane = freeAtMs.indexOf(Math.min(...freeAtMs));
    const atMs = Math.round((freeAtMs[lane] ?? 0) + between(random, gapMs));
    const busy = new Set(
      planned.filter((fault) => fault.atMs + lastsMs(fault) + 1000 > atMs).map(spotOf),
    );
    const drawn = deck.draw(busy);
    if (atMs + drawn.durationMs > options.lengthMs) return planned;
    const fault = { ...drawn.fault, atMs, durationMs: drawn.durationMs };
    planned.push(fault);
    freeAtMs[lane] = atMs + lastsMs(fault);
  }
}

/** With the time that the role takes to come back. */
function lastsMs(fault: PlannedFault): number {
  return fault.durationMs + (fault.kind === 'kill' || fault.kind === 'restart' ? 1000 : 0);
}

interface Drawn {
  fault: FaultKind;
  durationMs: number;
}

/** Every kind of fault comes before any comes again. */
class Deck {
  readonly #surface: SurfaceNames;
  readonly #random: () => number;
  readonly #sessionTimeoutMs: number;
  #cards: (() => Drawn)[] = [];

  constructor(surface: SurfaceNames, random: () => number, sessionTimeoutMs: number) {
    this.#surface = surface;
    this.#random = random;
    this.#sessionTimeoutMs = sessionTimeoutMs;
  }

  draw(busy: ReadonlySet<string>): Drawn {
    for (let tries = 0; ; tries++) {
      if (this.#cards.length === 0) this.#cards = this.#shuffled();
      const card = this.#cards.pop();
      if (!card) throw new Error('expected something that can be broken');
      const drawn = card();
      if (!busy.has(spotOf(drawn.fault)) || tries > 1000) return drawn;
    }
  }

  #shuffled(): (() => Drawn)[] {
    const cards = [...this.#ofRoles(), ...this.#ofLinks(), ...this.#ofDisks(), ...this.#ofStores()];
    for (let at = cards.length - 1; at > 0; at--) {
      const other = Math.floor(this.#random() * (at + 1));
      const [a, b] = [cards[at], cards[other]];
      if (a && b) [cards[at], cards[other]] = [b, a];
    }
    return cards;
  }

  #ofRoles(): (() => Drawn)[] {
    const kinds = [...new Set(this.#surface.roles.map(({ kind }) => kind))];
    return kinds.flatMap((kind) => {
      const role = (): string =>
        this.#pick(this.#surface.roles.filter((each) => each.kind === kind)).name;
      const kill = (): Drawn => {
        const downMs = this.#ms(100, 4000);
        return { fault: { kind: 'kill', role: role(), downMs }, durationMs: downMs };
      };
      // What writes the logs is no part of the pipeline: only its sudden death is of interest.
      if (kind === 'writer') return [kill];
      const restart = (): Drawn => ({
        fault: { kind: 'restart', role: role() },
        durationMs: this.#ms(0, 500),
      });
      const pause = (): Drawn => ({
        fault: { kind: 'pause', role: role() },
        durationMs: this.#pauseMs(),
      });
      return kind === 'ingest' ? [kill, kill, restart, pause, pause] : [kill, restart, pause];
    });
  }

  /** Half of them longer than a session lasts. */
  #pauseMs(): number {
    const longer = this.#sessionTimeoutMs + 2000;
    return this.#random() < 0.5 ? this.#ms(1000, 4000) : this.#ms(longer, longer + 5000);
  }

  /** Of each kind of link a few ways. */
  #ofLinks(): (() => Drawn)[] {
    const kinds = [...new Set(this.#surface.links.map(({ name }) => kindOf(name)))];
    return kinds.flatMap((kind) => {
      const links = this.#surface.links.filter(({ name }) => kindOf(name) === kind);
      return [0, 1, 2].map(() => () => ({
        fault: {
          kind: 'partition' as const,
          link: this.#pick(links).name,
          fault: this.#pick(linkFaults),
        },
        durationMs: this.#ms(1000, 10_000),
      }));
    });
  }

  #ofDisks(): (() => Drawn)[] {
    const kinds = [...new Set(this.#surface.disks.map(({ name }) => kindOf(name)))];
    return kinds.map((kind) => () => ({
      fault: {
        kind: 'disk_full' as const,
        disk: this.#pick(this.#surface.disks.filter(({ name }) => kindOf(name) === kind)).name,
      },
      durationMs: this.#ms(2000, 7000),
    }));
  }

  #ofStores(): (() => Drawn)[] {
    if (this.#surface.stores.length === 0) return [];
    return storeFaults.map((fault) => () => ({
      fault: { kind: 'store' as const, front: this.#pick(this.#surface.stores).name, fault },
      durationMs: this.#ms(1500, 8000),
    }));
  }

  #pick<T>(list: readonly T[]): T {
    const picked = list[Math.floor(this.#random() * list.length)];
    if (picked === undefined) throw new Error('expected something to pick from');
    return picked;
  }

  #ms(least: number, most: number): number {
    return Math.round(between(this.#random, { least, most }));
  }
}

function kindOf(name: string): string {
  return name.replaceAll(/-\d+/g, '');
}

function between(random: () => number, { least, most }: { least: number; most: number }): number {
  return least + random() * (most - least);
}
