/**
 * Tells whether a pattern fits a line, from the line's bytes, without a string: a deterministic
 * automaton that is worked out as far as the lines need it. One step for each byte at most, and none
 * behind the byte that decides. It knows what fits, not where, and so needs no more of a pattern than
 * its sets of bytes.
 *
 * Assertions within a pattern are beyond it, as are patterns with very many states.
 */
import type { ByteSet, PatternNode } from './parse-pattern.ts';

/** What a pattern is made of: take one byte of a set, go on in any of several ways, done. */
type Node = { set: ByteSet; next: number } | { ways: number[] } | 'end';

/** Bounds what a step costs that is worked out. */
const maxNodes = 128;
/** 32 KiB of table. */
const maxStates = 128;

// States; others are numbered from `firstState` on, as they are found.
const unknown = 0;
const dead = 1;
const accepted = 2;
const firstState = 3;

export class LineAutomaton {
  readonly #nodes: readonly Node[];
  readonly #start: readonly number[];
  readonly #isAnchored: boolean;
  readonly #isByteExact: boolean;
  /** The next state, by state and byte. */
  readonly #steps = new Uint8Array(maxStates << 8);
  /** The nodes of each state that take a byte. */
  readonly #states: (readonly number[])[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #first: number;
  /** There were more states than it holds: it is asked no more. */
  #isFull = false;

  /** Null for a pattern that is beyond it. */
  static of(pattern: PatternNode, isByteExact: boolean): LineAutomaton | null {
    const anchored = withoutAnchor(pattern);
    const nodes: Node[] = ['end'];
    const start = addNodes(anchored ?? pattern, 0, nodes);
    if (start === null) return null;
    return new LineAutomaton({ nodes, start, isAnchored: anchored !== null, isByteExact });
  }

  private constructor(options: {
    nodes: readonly Node[];
    start: number;
    isAnchored: boolean;
    isByteExact: boolean;
  }) {
    this.#nodes = options.nodes;
    this.#isAnchored = options.isAnchored;
    this.#isByteExact = options.isByteExact;
    this.#start = closure(options.nodes, [options.start]);
    this.#first = this.#numberOf(this.#start);
  }

  /** Of the bytes `[from, to)`; null when they are to be looked at in another way. */
  test(bytes: Buffer, from: number, to: number): boolean | null {
    if (this.#isFull) return null;
    const steps = this.#steps;
    let state = this.#first;
    for (let at = from; at < to && state > accepted; at += 1) {
      const byte = bytes[at] ?? 0;
      const known = steps[(state << 8) | byte] ?? unknown;
      state = known === unknown ? this.#step(state, byte) : known;
    }
    return state === unknown ? null : state === accepted;
  }

  /** Unknown for what counts characters beyond ASCII, and when there are too many states. */
  #step(state: number, byte: number): number {
    if (byte >= 0x80 && !this.#isByteExact) return unknown;
    const taken: number[] = [];
    for (const index of this.#states[state - firstState] ?? []) {
      const node = this.#nodes[index];
      if (typeof node === 'object' && 'set' in node && node.set[byte] === 1) taken.push(node.next);
    }
    const reached = closure(this.#nodes, taken);
    const all = this.#isAnchored ? reached : [...reached, ...this.#start];
    const next = this.#numberOf(all);
    if (next !== unknown) this.#steps[(state << 8) | byte] = next;
    return next;
  }

  #numberOf(indexes: readonly number[]): number {
    if (indexes.some((index) => this.#nodes[index] === 'end')) return accepted;
    if (indexes.length === 0) return dead;
    const sorted = [...new Set(indexes)].sort((a, b) => a - b);
    const key = sorted.join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = firstState + this.#states.length;
    if (number >= maxStates) {
      this.#isFull = true;
      return unknown;
    }
    this.#states.push(sorted);
    this.#numbers.set(key, number);
    return number;
  }
}

/** The pattern behind the `^` that each of its branches begins with; null where one does not. */
function withoutAnchor(node: PatternNode): PatternNode | null {
  if (node.kind === 'assertion') {
    return node.text === '^' ? { kind: 'sequence', items: [] } : null;
  }
  if (node.kind === 'choice') {
    const branches = node.branches.map(withoutAnchor).filter((branch) => branch !== null);
    return branches.length === node.branches.length ? { kind: 'choice', branches } : null;
  }
  if (node.kind !== 'sequence') return null;
  const [first, ...others] = node.items;
  const rest = first === undefined ? null : withoutAnchor(first);
  return rest === null ? null : { kind: 'sequence', items: [rest, ...others] };
}

/** @returns the node that the pattern begins with and `next` follows; null for what is beyond it */
function addNodes(pattern: PatternNode, next: number, nodes: Node[]): number | null {
  if (nodes.length > maxNodes) return null;
  switch (pattern.kind) {
    case 'set':
      return nodes.push({ set: pattern.set, next }) - 1;
    case 'assertion':
      return null;
    case 'sequence':
      return pattern.items.reduceRight<number | null>(
        (behind, item) => (behind === null ? null : addNodes(item, behind, nodes)),
        next,
      );
    case 'choice': {
      const ways = pattern.branches.map((branch) => addNodes(branch, next, nodes));
      const all = ways.filter((way) => way !== null);
      return all.length < ways.length ? null : nodes.push({ ways: all }) - 1;
    }
    case 'repeat':
      return addRounds(pattern, next, nodes);
    default:
      return pattern satisfies never;
  }
}

type Repeat = Extract<PatternNode, { kind: 'repeat' }>;

function addRounds({ item, min, max }: Repeat, next: number, nodes: Node[]): number | null {
  let behind: number | null = next;
  if (max === Infinity) {
    const ways = [next];
    behind = nodes.push({ ways }) - 1;
    const round = addNodes(item, behind, nodes);
    if (round === null) return null;
    ways.push(round);
  }
  const optional = max === Infinity ? 0 : max - min;
  for (let count = 0; count < optional + min; count += 1) {
    const round: number | null = addNodes(item, behind, nodes);
    if (round === null) return null;
    behind = count < optional ? nodes.push({ ways: [round, next] }) - 1 : round;
  }
  return behind;
}

/** Every node that is reached without taking a byte, but for those that only lead on. */
function closure(nodes: readonly Node[], from: readonly number[]): number[] {
  const seen = new Set(from);
  // A set is gone through with what is added meanwhile.
  for (const index of seen) {
    const node = nodes[index];
    if (typeof node === 'object' && 'ways' in node) for (const way of node.ways) seen.add(way);
  }
  return [...seen].filter((index) => {
    const node = nodes[index];
    return node === 'end' || (typeof node === 'object' && 'set' in node);
  });
}
