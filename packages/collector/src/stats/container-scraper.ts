/** Reads all running containers, slice by slice, and keeps a reader for each of them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { targetLabelNames } from '@plimsoll/model';
import type { Clock } from '@plimsoll/runtime';
import { isRunning, type Target } from '../target.ts';
import type { CpuBudget, RoundCost } from './budget/cpu-budget.ts';
import { ContainerReader, type ReaderContext } from './container-reader.ts';
import { containerStatsValueNames, ContainerValues } from './container-values.ts';
import { RowWriter } from './row-writer.ts';
import { formatTime } from './rows.ts';

/** Containers read before the event loop gets its turn; about 2 ms of work. */
const sliceSize = 25;
/** New containers looked for before it does. */
const newPerSlice = 10;
/** Longest that slow reads may take in one scrape; the rest is due next time. */
const slowWorkMs = 200;
/** Longest that a container's files are not all read. */
const wholeIntervalMs = 60_000;
/** Spreads any number of phases evenly over an interval: the fraction of the golden ratio. */
const phaseStep = 0.618_033_988_749_895;

export interface ContainerScraperOptions {
  readonly context: ReaderContext;
  readonly clock: Clock;
  readonly budget: CpuBudget;
  /** How often the slow tier of a container is read, before it is stretched. */
  readonly slowIntervalMs: number;
}

interface Watched {
  readonly reader: ContainerReader;
  readonly pid: number;
  readonly startedAtMs: number;
  /** When it is read slowly again: at once at first, so that a new container is read whole. */
  slowDueAt: number;
  /** When all of its files are read, even if nothing seems to have happened. */
  wholeDueAt: number;
  /** Made again only when the target's description changes. */
  target: Target;
  labels: Buffer;
}

interface Round {
  readonly time: Buffer;
  readonly startedAt: number;
  slowMs: number;
  slowReads: number;
  fastMs: number;
}

/** What a scrape gives: rows, and what they cost. */
export interface Scraped {
  readonly bytes: Buffer;
  readonly rows: number;
  readonly cost: RoundCost;
}

export class ContainerScraper {
  readonly #options: ContainerScraperOptions;
  readonly #watched = new Map<string, Watched>();
  /** Containers that died while a scrape was under way: its list of targets is older than that. */
  readonly #forgotten = new Set<string>();
  readonly #values = new ContainerValues();
  readonly #writer = new RowWriter();
  /** The first whose slow read was left out in the last scrape. */
  #startAt: string | undefined;
  #phases = 0;

  constructor(options: ContainerScraperOptions) {
    this.#options = options;
  }

  get watchedCount(): number {
    return this.#watched.size;
  }

  /** One row per running container; stops early when the signal aborts. */
  async scrape(targets: readonly Target[], timeMs: number, signal: AbortSignal): Promise<Scraped> {
    const { context, clock } = this.#options;
    context.files.beginRound(clock.monotonic());
    context.limits.beginRound();
    this.#forgotten.clear();
    const sampled = targets.filter(isSampled);
    this.#closeOthers(sampled);
    const round: Round = {
      time: Buffer.from(JSON.stringify(formatTime(timeMs))),
      startedAt: clock.monotonic(),
      slowMs: 0,
      slowReads: 0,
      fastMs: 0,
    };
    // First all of them are known, then any is read: who reports a shared namespace depends on it.
    await this.#watchAll(sampled, signal);
    const first = sampled.findIndex(({ dockerId }) => dockerId === this.#startAt);
    this.#startAt = undefined;
    const inTurn = [...sampled.slice(Math.max(0, first)), ...sampled.slice(0, Math.max(0, first))];
    for (let from = 0; from < inTurn.length && !signal.aborted; from += sliceSize) {
      if (from > 0) await nextTurn();
      this.#readSlice(inTurn.slice(from, from + sliceSize), round);
    }
    const { fastMs, slowMs, slowReads } = round;
    const cost = { fastMs, slowMs, slowReads, containers: sampled.length };
    const { rows } = this.#writer;
    const bytes = this.#writer.take();
    return { bytes, rows: signal.aborted ? 0 : rows, cost };
  }

  /** Closes what is held for a container. To be called when it dies. */
  forget(dockerId: string): void {
    this.#forgotten.add(dockerId);
    this.#close(dockerId);
  }

  closeAll(): void {
    for (const dockerId of this.#watched.keys()) this.#close(dockerId);
  }

  async #watchAll(targets: readonly Target[], signal: AbortSignal): Promise<void> {
    const { budget } = this.#options;
    const waiting = targets.filter((target) => !this.#watches(target));
    for (let from = 0; from < waiting.length && !signal.aborted; from += newPerSlice) {
      const start = budget.now();
      for (const target of waiting.slice(from, from + newPerSlice)) this.#watch(target);
      budget.book('new_container', start);
      await nextTurn();
    }
  }

  #readSlice(slice: readonly Target[], round: Round): void {
    const { budget } = this.#options;
    const start = budget.now();
    const slowBefore = round.slowMs;
    for (const { dockerId } of slice) {
      const watched = this.#watched.get(dockerId);
      if (watched) this.#readOne(watched, round);
    }
    round.fastMs += budget.book('scrape', start, round.slowMs - slowBefore);
  }

  #readOne(watched: Watched, round: Round): void {
    const { reader, target, labels } = watched;
    this.#values.clear();
    const isSlow = watched.slowDueAt <= round.startedAt && this.#hasSlowTime(round, target);
    if (isSlow) this.#readSlow(watched, round);
    const isThere = reader.read(target, this.#values, this.#isWholeDue(watched, round));
    if (isSlow) {
      this.#bookSlow(round, () => {
        reader.readCounters(this.#values);
      });
    }
    if (isThere) {
      const head = { first: round.time, rest: labels };
      this.#writer.add(head, this.#values.numbers, containerStatsValueNames.length);
    } else {
      this.#close(target.dockerId);
    }
  }

  #isWholeDue(watched: Watched, round: Round): boolean {
    if (watched.wholeDueAt > round.startedAt) return false;
    const phase = watched.wholeDueAt === 0 ? this.#phase() : 1;
    watched.wholeDueAt = round.startedAt + wholeIntervalMs * phase;
    return true;
  }

  #hasSlowTime(round: Round, { dockerId }: Target): boolean {
    if (round.slowMs < slowWorkMs) return true;
    this.#startAt ??= dockerId;
    return false;
  }

  #readSlow(watched: Watched, round: Round): void {
    const { budget, slowIntervalMs } = this.#options;
    this.#bookSlow(round, () => {
      watched.reader.readSlow(watched.target, this.#values);
    });
    round.slowReads++;
    const interval = slowIntervalMs * budget.plan.stretchFactor;
    // The first time is when it appeared, together with others; the second is anywhere.
    const isFirst = watched.slowDueAt === 0;
    watched.slowDueAt = round.startedAt + interval * (isFirst ? this.#phase() : 1);
  }

  #bookSlow(round: Round, work: () => void): void {
    const { budget } = this.#options;
    const start = budget.now();
    work();
    round.slowMs += budget.book('slow', start);
  }

  /** Above 0, at most 1; the very first is 1. */
  #phase(): number {
    const phase = (this.#phases * phaseStep) % 1;
    this.#phases++;
    return 1 - phase;
  }

  /** True when it is known already; then it is described as it is now. */
  #watches(target: Target): boolean {
    const known = this.#watched.get(target.dockerId);
    if (!known || !this.#isCurrent(known, target)) return false;
    if (known.target !== target) {
      known.target = target;
      known.labels = labelsOf(target);
    }
    return true;
  }

  #watch(target: Target): void {
    this.#close(target.dockerId);
    if (this.#forgotten.has(target.dockerId)) return;
    this.#watched.set(target.dockerId, {
      reader: new ContainerReader(this.#options.context, target),
      pid: target.pid,
      startedAtMs: target.startedAtMs,
      slowDueAt: 0,
      wholeDueAt: 0,
      target,
      labels: labelsOf(target),
    });
  }

  /** One without a control group is made again when its slow read is due, in case it has one now. */
  #isCurrent({ reader, pid, startedAtMs, slowDueAt }: Watched, target: Target): boolean {
    if (pid !== target.pid || startedAtMs !== target.startedAtMs) return false;
    return reader.hasCgroup || slowDueAt > this.#options.clock.monotonic();
  }

  #closeOthers(sampled: readonly Target[]): void {
    const wanted = new Set(sampled.map((target) => target.dockerId));
    for (const dockerId of this.#watched.keys()) {
      if (!wanted.has(dockerId)) this.#close(dockerId);
    }
  }

  #close(dockerId: string): void {
    this.#watched.get(dockerId)?.reader.close();
    this.#watched.delete(dockerId);
  }
}

/** The pause container of a pod has no workload; its namespaces are counted with the others. */
export function isSampled(target: Target): boolean {
  return isRunning(target) && !target.isSandbox;
}

/** Columns `started_at` and the labels, as JSON without brackets. */
function labelsOf(target: Target): Buffer {
  const labels = targetLabelNames.map((name) => JSON.stringify(target.labels[name]));
  return Buffer.from([JSON.stringify(formatTime(target.startedAtMs)), ...labels].join(','));
}
