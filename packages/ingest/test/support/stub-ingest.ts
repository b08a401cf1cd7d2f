import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metrics, silentLogger, type Clock } from '@plimsoll/runtime';
import type { Engine, InsertRequest } from '@plimsoll/storage';
import { FolderDeadLetters, type DeadLetterStore } from '@plimsoll/transport';
import { Ingest } from '../../src/index.ts';
import { HandFed } from './test-ingest.ts';

export interface StubIngest extends AsyncDisposable {
  ingest: Ingest;
  feed: HandFed;
  metrics: Metrics;
  /** Inserts that were begun, in order. */
  asked: InsertRequest[];
}

export interface StubOptions {
  /** What an insert does; by default it is stored. */
  insert?: (request: InsertRequest) => Promise<void>;
  /** Rows of `log_ranges`, for whatever is asked. */
  select?: () => object[];
  concurrency?: number;
  maxInFlightBytes?: number;
  letters?: DeadLetterStore;
  clock?: Clock;
}

/** Ingest on an engine whose every answer the test decides: no SQL. */
export async function openStubIngest(options: StubOptions = {}): Promise<StubIngest> {
  const { insert = async () => undefined, select = () => [], concurrency = 2 } = options;
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-stub-'));
  const asked: InsertRequest[] = [];
  const engine: Pick<Engine, 'insert' | 'stream'> = {
    insert: async (request) => {
      asked.push(request);
      await insert(request);
      return { elapsedMs: 1 };
    },
    async *stream<Row>(sql: string) {
      const isSummary = sql.includes('is_whole');
      yield select().map((row) => ({
        ...row,
        ...(isSummary && { is_whole: 1, rows: 1 }),
      })) as Row[];
    },
  };
  const feed = new HandFed();
  const metrics = new Metrics();
  const ingest = new Ingest({
    engine: engine as Engine,
    subscriber: feed,
    logger: silentLogger(),
    metrics,
    concurrency,
    deadLetters: options.letters ?? new FolderDeadLetters({ directory: folder }),
    ...(options.maxInFlightBytes !== undefined && { maxInFlightBytes: options.maxInFlightBytes }),
    ...(options.clock && { clock: options.clock }),
  });
  await ingest.start();
  return {
    ingest,
    feed,
    metrics,
    asked,
    [Symbol.asyncDispose]: async () => {
      await ingest.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Until the condition holds; rejects after ten seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`expected before ten seconds: ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
