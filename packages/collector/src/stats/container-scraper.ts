/** Reads all running containers, slice by slice, and keeps a reader for each of them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { targetLabelNames } from '@plimsoll/model';
import type { Clock } from '@plimsoll/runtime';
import { isRunning, type Target } from '../target.ts';
import { ContainerReader, type ReaderContext } from './container-reader.ts';
import { containerStatsValueNames, newValues } from './container-values.ts';
import { formatTime, jsonNumbers } from './rows.ts';

/** Containers read before the event loop gets its turn; about 5 ms of work. */
const sliceSize = 50;
/** Longest the slow tier (limits, descriptors) may take in one scrape; the rest is due next time. */
const slowBudgetMs = 200;

export interface ContainerScraperOptions {
  readonly context: ReaderContext;
  readonly clock: Clock;
  /** The slow tier of a container is read every so many scrapes. */
  readonly slowEvery: number;
}

interface Watched {
  readonly reader: ContainerReader;
  readonly pid: number;
  readonly startedAtMs: number;
  /** Round of the next slow read: 0 at first, so that a new container is read whole. */
  slowDue: number;
  /** Made again only when the target's description changes. */
  target: Target;
  labels: string;
}

interface Round {
  time: string;
  lines: string[];
  slowMs: number;
}

export class ContainerScraper {
  readonly #options: ContainerScraperOptions;
  readonly #watched = new Map<string, Watched>();
  /** Containers that died while a scrape was under way: its list of targets is older than that. */
  readonly #forgotten = new Set<string>();
  readonly #values = newValues();
  #round = 0;
  #startAt = 0;

  constructor(options: ContainerScraperOptions) {
    this.#options = options;
  }

  get watchedCount(): number {
    return this.#watched.size;
  }

  /** One row per running container; stops early when the signal aborts. */
  async scrape(targets: readonly Target[], timeMs: number, signal: AbortSignal): Promise<string[]> {
    const { files, limits } = this.#options.context;
    files.beginRound();
    limits.beginRound();
    this.#round++;
    this.#forgotten.clear();
    const running = targets.filter(isRunning);
    this.#closeOthers(running);
    const round: Round = { time: formatTime(timeMs), lines: [], slowMs: 0 };
    const first = this.#startAt < running.length ? this.#startAt : 0;
    this.#startAt = 0;
    for (let count = 0; count < running.length; count++) {
      if (count > 0 && count % sliceSize === 0) await nextTurn();
      if (signal.aborted) return [];
      const index = (first + count) % running.length;
      const target = running[index];
      if (target) this.#scrapeOne(target, round, index);
    }
    return round.lines;
  }

  /** Closes what is held for a container. To be called when it dies. */
  forget(dockerId: string): void {
    this.#forgotten.add(dockerId);
    this.#close(dockerId);
  }

  closeAll(): void {
    for (const dockerId of this.#watched.keys()) this.#close(dockerId);
  }

  #scrapeOne(target: Target, round: Round, index: number): void {
    if (this.#forgotten.has(target.dockerId)) return;
    const watched = this.#watch(target);
    const isDue = watched.slowDue <= this.#round;
    const isSlow = isDue && round.slowMs < slowBudgetMs;
    if (isDue && !isSlow && this.#startAt === 0) this.#startAt = index;
    const before = isSlow ? this.#options.clock.monotonic() : 0;
    this.#values.fill(NaN);
    const isThere = watched.reader.read(target, this.#values, isSlow);
    if (isSlow) {
      round.slowMs += this.#options.clock.monotonic() - before;
      watched.slowDue = this.#round + this.#options.slowEvery;
    }
    if (isThere) {
      const numbers = jsonNumbers(this.#values, containerStatsValueNames.length);
      round.lines.push(`["${round.time}",${watched.labels},${numbers}]`);
    }
    if (!isThere || !watched.reader.hasCgroup) this.#close(target.dockerId);
  }

  #watch(target: Target): Watched {
    const known = this.#watched.get(target.dockerId);
    if (known && known.pid === target.pid && known.startedAtMs === target.startedAtMs) {
      if (known.target !== target) {
        known.target = target;
        known.labels = labelsOf(target);
      }
      return known;
    }
    this.#close(target.dockerId);
    const watched: Watched = {
      reader: new ContainerReader(this.#options.context, target),
      pid: target.pid,
      startedAtMs: target.startedAtMs,
      slowDue: 0,
      target,
      labels: labelsOf(target),
    };
    this.#watched.set(target.dockerId, watched);
    return watched;
  }

  #closeOthers(running: readonly Target[]): void {
    const wanted = new Set(running.map((target) => target.dockerId));
    for (const dockerId of this.#watched.keys()) {
      if (!wanted.has(dockerId)) this.#close(dockerId);
    }
  }

  #close(dockerId: string): void {
    this.#watched.get(dockerId)?.reader.close();
    this.#watched.delete(dockerId);
  }
}

/** Columns `started_at` and the labels, as JSON without brackets. */
function labelsOf(target: Target): string {
  const labels = targetLabelNames.map((name) => JSON.stringify(target.labels[name]));
  return [JSON.stringify(formatTime(target.startedAtMs)), ...labels].join(',');
}
