/**
 * Work on the engine, again and again while it fails: with a pace that suits the failure, under a
 * lease that is renewed when the engine says that it has run out, and with health saying why.
 */
import { Backoff, messageOf, type Clock, type Logger, type Semaphore } from '@plimsoll/runtime';
import { StorageError, type StorageErrorCode } from '@plimsoll/storage';
import type { IngestMetrics } from '../ingest-metrics.ts';
import type { BatchWork } from './batch-work.ts';
import type { Problems } from './problems.ts';

export interface TriesOptions {
  logger: Logger;
  metrics: IngestMetrics;
  problems: Problems;
  clock: Clock;
}

export interface Work<T> {
  /** For messages: `an insert into logs`. */
  what: string;
  run: () => Promise<T>;
  /** Taken for a try, and kept through the wait after a failure that is the engine's as a whole. */
  slots?: Semaphore;
  /** Ends the work with the error, as final. */
  isFinal?: (error: unknown) => boolean;
}

interface Pace {
  initialMs: number;
  maxMs: number;
}

/** Failures of the whole engine: another insert would fail as well, so it need not be tried. */
const enginePaces: Partial<Readonly<Record<StorageErrorCode, Pace>>> = {
  unreachable: { initialMs: 100, maxMs: 5_000 },
  timeout: { initialMs: 500, maxMs: 10_000 },
  overloaded: { initialMs: 500, maxMs: 10_000 },
  memory_limit: { initialMs: 500, maxMs: 10_000 },
  replication: { initialMs: 500, maxMs: 10_000 },
  read_only: { initialMs: 1_000, maxMs: 15_000 },
  disk_full: { initialMs: 1_000, maxMs: 15_000 },
  // Merges need the time, and each try that gets through makes it worse.
  too_many_parts: { initialMs: 2_000, maxMs: 30_000 },
};
const otherPace: Pace = { initialMs: 100, maxMs: 10_000 };

export class Tries {
  readonly #options: TriesOptions;

  constructor(options: TriesOptions) {
    this.#options = options;
  }

  /** Rejects with what `isFinal` takes, or when the batch is no longer to be stored. */
  async run<T>(work: Work<T>, batch: BatchWork): Promise<T> {
    const { clock, problems, logger } = this.#options;
    const trouble = new Trouble();
    try {
      for (;;) {
        const release = await work.slots?.acquire(1, batch.signal);
        try {
          batch.signal.throwIfAborted();
          const result = await work.run();
          if (problems.clear(trouble)) logger.info({ what: work.what }, 'the engine works again');
          return result;
        } catch (error) {
          batch.signal.throwIfAborted();
          if (work.isFinal?.(error) ?? false) throw error;
          const { waitMs, isWhole } = this.#failed(error, work.what, trouble);
          // Before anything else of the batch is inserted.
          if (codeOf(error) === 'lease_expired') await this.#renew(batch);
          if (!isWhole) release?.();
          await clock.sleep(waitMs, batch.signal);
        } finally {
          release?.();
        }
      }
    } finally {
      problems.clear(trouble);
    }
  }

  #failed(error: unknown, what: string, trouble: Trouble): { waitMs: number; isWhole: boolean } {
    const { logger, metrics, problems } = this.#options;
    const code = codeOf(error);
    metrics.insertRetries.inc({ code });
    problems.report(trouble, `${what} fails: ${messageOf(error)} (${code})`);
    if (trouble.isNew(code)) logger.warn({ err: error, code, what }, 'will try again');
    return { waitMs: trouble.nextWaitMs(code), isWhole: paceOf(code) !== otherPace };
  }

  /** Rejects when another process has the partition. */
  async #renew({ lease, signal, abandon }: BatchWork): Promise<void> {
    const { metrics } = this.#options;
    try {
      await lease.renew();
      metrics.leaseRenewals.inc({ outcome: 'renewed' });
    } catch (error) {
      metrics.leaseRenewals.inc({ outcome: 'lost' });
      abandon(error);
    }
    signal.throwIfAborted();
  }
}

/** What one piece of work has met with so far. */
class Trouble {
  readonly #backoffs = new Map<string, Backoff>();
  #last: string | null = null;

  isNew(code: string): boolean {
    const isNew = this.#last !== code;
    this.#last = code;
    return isNew;
  }

  nextWaitMs(code: StorageErrorCode | 'unknown'): number {
    const backoff = this.#backoffs.get(code) ?? new Backoff(paceOf(code));
    this.#backoffs.set(code, backoff);
    return backoff.next();
  }
}

function paceOf(code: StorageErrorCode | 'unknown'): Pace {
  return (code === 'unknown' ? undefined : enginePaces[code]) ?? otherPace;
}

function codeOf(error: unknown): StorageErrorCode | 'unknown' {
  return error instanceof StorageError ? error.code : 'unknown';
}
