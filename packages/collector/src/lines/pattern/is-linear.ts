/**
 * Whether JavaScript's backtracking RegExp finds all matches of a pattern in a time proportional to
 * the text, whatever the text is. False where this is not shown, not only where it is not so.
 *
 * What is accepted, and why it is linear:
 *
 * 1. Everything but loops without an upper bound: from one start the engine takes at most `work` steps
 *    on at most `paths` ways, numbers of the pattern alone. Both are bounded here.
 * 2. A loop without an upper bound, over one set of bytes, as the last thing of a pattern (or of a
 *    branch that is last): nothing behind it can fail, so what it takes is a match, and the search
 *    goes on behind the match.
 * 3. Such a loop elsewhere, when no byte that may stand before its entry is in its set, or it can be
 *    entered at the beginning of the text only. Then it is entered at the first byte of a run of its
 *    bytes or not at all. Given that place, each segment before it has at most `paths` ways to have
 *    led there, and so has each loop before it one: its own run's first byte. So each run is walked at
 *    most as often as there are `paths`; giving bytes back costs, for each, one try of what follows,
 *    which is bounded too or by the same rule another loop.
 *
 * A loop around anything but a set, or within a loop, is refused.
 */
import type { ByteSet, PatternNode } from './parse-pattern.ts';

const maxPaths = 256;
const maxWork = 1024;

interface Progress {
  paths: number;
  work: number;
  /** Bytes that may stand before what comes next. */
  before: ByteSet;
}

export function isLinear(pattern: PatternNode): boolean {
  const anything = new Uint8Array(256).fill(1);
  return isTailLinear(pattern, { paths: 1, work: 0, before: anything });
}

/** For what ends the pattern. */
function isTailLinear(node: PatternNode, progress: Progress): boolean {
  if (node.kind === 'choice') {
    return node.branches.every((branch) =>
      isTailLinear(branch, { ...progress, paths: progress.paths * node.branches.length }),
    );
  }
  if (node.kind !== 'sequence') return isTailLinear({ kind: 'sequence', items: [node] }, progress);
  let state: Progress | null = progress;
  for (const [index, item] of node.items.entries()) {
    const isLast = index === node.items.length - 1;
    if (isLast && item.kind === 'choice') return isTailLinear(item, state);
    state = isLast && isLoop(item) ? endWithLoop(item, state) : follow(item, state);
    if (state === null || state.paths > maxPaths || state.work > maxWork) return false;
  }
  return true;
}

type Repeat = Extract<PatternNode, { kind: 'repeat' }>;

function isLoop(node: PatternNode): node is Repeat {
  return node.kind === 'repeat' && node.max === Infinity;
}

function endWithLoop({ item, min }: Repeat, state: Progress): Progress | null {
  return item.kind === 'set' ? { ...state, work: state.work + state.paths * (min + 1) } : null;
}

function follow(node: PatternNode, state: Progress): Progress | null {
  if (isLoop(node)) return enterLoop(node, state);
  const cost = boundedCost(node);
  if (cost === null) return null;
  return {
    paths: state.paths * cost.paths,
    work: state.work + state.paths * cost.work,
    before: cost.isAtStart
      ? new Uint8Array(256)
      : cost.mayBeEmpty
        ? union(state.before, cost.last)
        : cost.last,
  };
}

function enterLoop({ item, min }: Repeat, state: Progress): Progress | null {
  if (item.kind !== 'set') return null;
  const { set } = item;
  if (state.before.some((may, byte) => may === 1 && set[byte] === 1)) return null;
  return {
    paths: state.paths,
    work: state.work + state.paths * (min + 1),
    before: min === 0 ? union(state.before, set) : set,
  };
}

interface Cost {
  paths: number;
  work: number;
  /** Bytes it may end with. */
  last: ByteSet;
  mayBeEmpty: boolean;
  /** It holds at the beginning of the text only, and takes nothing. */
  isAtStart: boolean;
}

/** Null for what holds a loop without an upper bound, or is too much. */
function boundedCost(node: PatternNode): Cost | null {
  switch (node.kind) {
    case 'set':
      return { paths: 1, work: 1, last: node.set, mayBeEmpty: false, isAtStart: false };
    case 'assertion':
      return { ...nothing(), work: 1, isAtStart: node.text === '^' };
    case 'sequence':
      return sequenceCost(node.items);
    case 'choice':
      return choiceCost(node.branches);
    case 'repeat':
      return repeatCost(node);
    default:
      return node satisfies never;
  }
}

function nothing(): Cost {
  return { paths: 1, work: 0, last: new Uint8Array(256), mayBeEmpty: true, isAtStart: false };
}

function sequenceCost(items: readonly PatternNode[]): Cost | null {
  let sum = nothing();
  for (const item of items) {
    const cost = boundedCost(item);
    if (cost === null) return null;
    sum = {
      paths: sum.paths * cost.paths,
      work: sum.work + sum.paths * cost.work,
      last: cost.mayBeEmpty ? union(sum.last, cost.last) : cost.last,
      mayBeEmpty: sum.mayBeEmpty && cost.mayBeEmpty,
      isAtStart: false,
    };
    if (sum.paths > maxPaths || sum.work > maxWork) return null;
  }
  return sum;
}

function choiceCost(branches: readonly PatternNode[]): Cost | null {
  let sum: Cost = { ...nothing(), paths: 0, mayBeEmpty: false };
  for (const branch of branches) {
    const cost = boundedCost(branch);
    if (cost === null) return null;
    sum = {
      paths: sum.paths + cost.paths,
      work: sum.work + cost.work + 1,
      last: union(sum.last, cost.last),
      mayBeEmpty: sum.mayBeEmpty || cost.mayBeEmpty,
      isAtStart: false,
    };
  }
  return sum;
}

function repeatCost({ item, min, max }: Repeat): Cost | null {
  if (max === Infinity) return null;
  const once = boundedCost(item);
  // A round that takes nothing ends a loop in one engine and not in the other.
  if (once === null || once.mayBeEmpty) return null;
  let paths = min === 0 ? 1 : 0;
  let work = 1;
  let ways = 1;
  for (let round = 1; round <= max; round += 1) {
    work += ways * once.work;
    ways *= once.paths;
    if (round >= min) paths += ways;
    if (paths > maxPaths || work > maxWork || ways > maxPaths) return null;
  }
  return { paths, work, last: once.last, mayBeEmpty: min === 0, isAtStart: false };
}

function union(one: ByteSet, other: ByteSet): ByteSet {
  return one.map((has, byte) => has | (other[byte] ?? 0));
}
