/** What runs for whom, so that it can be cancelled by its id and its progress be told. */
import type { RawAccess, RawProgress } from '@plimsoll/storage';
import { ClickHouseException } from './exception.ts';

export interface RunningQuery {
  /** The client's name for it, or one made up. */
  id: string;
  user: string;
  /** The engine's. */
  tag: string;
  text: string;
  startedMs: number;
  progress: RawProgress;
  /** It ends with its client, and when the interface stops; one that writes does not. */
  isReading: boolean;
  /** The statement is with the engine. */
  isInEngine: boolean;
  onProgress: ((progress: RawProgress) => void) | null;
  cancel: AbortController;
}

const pollMs = 100;
/** A short statement is seen once, too. */
const firstPollMs = 15;

let tags = 0;

export class RunningQueries {
  readonly #raw: RawAccess;
  readonly #queries = new Map<string, RunningQuery>();
  #timer: NodeJS.Timeout | undefined;
  #isPolling = false;

  constructor(raw: RawAccess) {
    this.#raw = raw;
  }

  get size(): number {
    return this.#queries.size;
  }

  /** @throws {ClickHouseException} QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING */
  add(about: Pick<RunningQuery, 'id' | 'user' | 'text'>): RunningQuery {
    if (this.#queries.has(about.id)) {
      throw new ClickHouseException(
        'QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING',
        `Query with id = ${about.id} is already running`,
      );
    }
    tags += 1;
    const query: RunningQuery = {
      ...about,
      tag: `plimsoll:http-${process.pid}-${tags}`,
      startedMs: performance.now(),
      progress: noProgress,
      isReading: true,
      isInEngine: false,
      onProgress: null,
      cancel: new AbortController(),
    };
    this.#queries.set(query.id, query);
    return query;
  }

  /** The engine has it from now on: its progress is looked at. */
  begin(query: RunningQuery): void {
    query.isInEngine = true;
    this.#schedule(firstPollMs);
  }

  remove(query: RunningQuery): void {
    // Another one may have its id by now.
    if (this.#queries.get(query.id) === query) this.#queries.delete(query.id);
  }

  /** Those of an id that the user may cancel. */
  find(id: string, user: string | null): RunningQuery | null {
    const query = this.#queries.get(id);
    return query && (user === null || query.user === user) ? query : null;
  }

  cancelReading(): void {
    for (const query of this.#queries.values()) abandon(query);
  }

  get #hasAnyInEngine(): boolean {
    return [...this.#queries.values()].some(({ isInEngine }) => isInEngine);
  }

  #schedule(delayMs: number): void {
    if (this.#timer || this.#isPolling) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#poll();
    }, delayMs);
    this.#timer.unref();
  }

  async #poll(): Promise<void> {
    const inEngine = [...this.#queries.values()].filter(({ isInEngine }) => isInEngine);
    this.#isPolling = true;
    try {
      const found = await this.#raw.progress(inEngine.map(({ tag }) => tag));
      for (const query of inEngine) {
        const progress = found.get(query.tag);
        if (!progress || progress.readRows < query.progress.readRows) continue;
        query.progress = progress;
        query.onProgress?.(progress);
      }
    } catch {
      // The engine is closing; the statements end with it.
    } finally {
      this.#isPolling = false;
      if (this.#hasAnyInEngine) this.#schedule(pollMs);
    }
  }
}

/** Nobody waits for its result any more. */
export function abandon({ isReading, cancel }: RunningQuery): void {
  if (isReading) cancel.abort();
}

const noProgress: RawProgress = {
  readRows: 0,
  readBytes: 0,
  writtenRows: 0,
  writtenBytes: 0,
  totalRows: 0,
  peakMemoryBytes: 0,
};
