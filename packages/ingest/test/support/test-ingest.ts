import { join } from 'node:path';
import { Metrics, silentLogger } from '@plimsoll/runtime';
import type { Engine } from '@plimsoll/storage';
import { openTestEngine } from '@plimsoll/storage/testing';
import {
  FolderDeadLetters,
  type Batch,
  type BatchHandler,
  type DeadLetterStore,
  type Lease,
  type Subscriber,
} from '@plimsoll/transport';
import { Ingest } from '../../src/index.ts';

/** A lease that the test takes away, lets run out and counts the renewals of. */
export class TestLease implements Lease {
  readonly #lost = new AbortController();
  readonly signal = this.#lost.signal;
  notAfter: number | null = null;
  renewals = 0;
  /** What a renewal does; it may throw. */
  onRenew: () => void = () => undefined;

  notAfterMs(): number | null {
    return this.notAfter;
  }

  async renew(): Promise<void> {
    this.renewals += 1;
    this.onRenew();
  }

  lose(): void {
    this.#lost.abort(new Error('the partition belongs to another process'));
  }
}

/** A subscriber whose batches the test gives; each resolves when ingest has stored it. */
export class HandFed implements Subscriber {
  #handler: BatchHandler | undefined;
  readonly #next = new Map<string, number>();

  async run(handler: BatchHandler, signal: AbortSignal): Promise<void> {
    this.#handler = handler;
    await new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    );
  }

  /** Hands over frames as the next batch and returns it, so that it may be replayed. */
  async give(frames: Buffer[], options: Partial<Batch> = {}, lease?: Lease): Promise<Batch> {
    const { partition = 'direct' } = options;
    const first = options.first ?? this.#next.get(partition) ?? 0;
    const batch: Batch = {
      partition,
      epoch: 0,
      first,
      last: first + frames.length - 1,
      isReplay: false,
      frames,
      offsets: frames.map((_frame, index) => first + index),
      ...options,
    };
    this.#next.set(partition, Math.max(first, batch.last + 1));
    await this.#handler?.(batch, lease ?? new TestLease());
    return batch;
  }
}

export interface TestIngest extends AsyncDisposable {
  engine: Engine;
  ingest: Ingest;
  metrics: Metrics;
  feed: HandFed;
  folder: string;
  /** A new process on the same engine: nothing is remembered. */
  restart(): Promise<void>;
  deadLetters(): Promise<{ id: string; reason: string }[]>;
  letters: FolderDeadLetters;
  /** `start: message` of every stored line of a file, by position. */
  lines(fileId?: string): Promise<string[]>;
}

export async function openTestIngest(
  options: {
    concurrency?: number;
    maxFiles?: number;
    maxInFlightBytes?: number;
    wrap?: (engine: Engine) => Engine;
    wrapLetters?: (letters: DeadLetterStore) => DeadLetterStore;
  } = {},
): Promise<TestIngest> {
  const { concurrency = 2, maxFiles, maxInFlightBytes, wrap = (engine) => engine } = options;
  const { wrapLetters = (letters) => letters } = options;
  const stored = await openTestEngine({ insertConnections: concurrency });
  const { engine, folder } = stored;
  const letters = new FolderDeadLetters({ directory: join(folder, 'dead-letters') });
  const make = async (): Promise<{ ingest: Ingest; feed: HandFed; metrics: Metrics }> => {
    const feed = new HandFed();
    const metrics = new Metrics();
    const ingest = new Ingest({
      engine: wrap(engine),
      subscriber: feed,
      logger: silentLogger(),
      metrics,
      concurrency,
      deadLetters: wrapLetters(letters),
      ...(maxFiles === undefined ? {} : { maxFiles }),
      ...(maxInFlightBytes === undefined ? {} : { maxInFlightBytes }),
    });
    await ingest.start();
    return { ingest, feed, metrics };
  };
  const opened: TestIngest = {
    engine,
    folder,
    letters,
    ...(await make()),
    restart: async () => {
      await opened.ingest.stop();
      Object.assign(opened, await make());
    },
    deadLetters: async () =>
      (await letters.list())
        .map(({ id, reason }) => ({ id, reason }))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    lines: async (fileId = 'f1') => {
      const rows = await engine.select<{ position: number; message: string }>(
        'SELECT position, message FROM logs WHERE file_id = {file:String} ORDER BY position, message',
        { params: { file: fileId } },
      );
      return rows.map(({ position, message }) => `${position}: ${message}`);
    },
    [Symbol.asyncDispose]: async () => {
      await opened.ingest.stop();
      await stored[Symbol.asyncDispose]();
    },
  };
  return opened;
}
