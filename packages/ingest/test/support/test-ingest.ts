import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metrics, silentLogger } from '@plimsoll/runtime';
import { migrate, openEngine, type Engine } from '@plimsoll/storage';
import type { Batch, Subscriber } from '@plimsoll/transport';
import { Ingest } from '../../src/index.ts';

/** A subscriber whose batches the test gives; each resolves when ingest has stored it. */
export class HandFed implements Subscriber {
  #handler: ((batch: Batch) => Promise<void>) | undefined;
  #next = 0;

  async run(handler: (batch: Batch) => Promise<void>, signal: AbortSignal): Promise<void> {
    this.#handler = handler;
    await new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    );
  }

  /** Hands over frames as the next batch and returns it, so that it may be replayed. */
  async give(frames: Buffer[], options: Partial<Batch> = {}): Promise<Batch> {
    const first = options.first ?? this.#next;
    const batch: Batch = {
      partition: 'direct',
      first,
      last: first + frames.length - 1,
      isReplay: false,
      frames,
      ...options,
    };
    this.#next = Math.max(this.#next, batch.last + 1);
    await this.#handler?.(batch);
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
  deadLetters(): Promise<{ name: string; reason: string }[]>;
  /** `start: message` of every stored line of a file, by position. */
  lines(fileId?: string): Promise<string[]>;
}

export async function openTestIngest(
  options: { concurrency?: number; maxFiles?: number; wrap?: (engine: Engine) => Engine } = {},
): Promise<TestIngest> {
  const { concurrency = 2, maxFiles, wrap = (engine) => engine } = options;
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-ingest-'));
  const engine = await openEngine({
    mode: 'embedded',
    path: join(folder, 'engine'),
    database: 'plimsoll',
    insertConnections: concurrency,
  });
  await migrate(engine);
  const deadLetterDirectory = join(folder, 'dead-letters');
  const make = async (): Promise<{ ingest: Ingest; feed: HandFed; metrics: Metrics }> => {
    const feed = new HandFed();
    const metrics = new Metrics();
    const ingest = new Ingest({
      engine: wrap(engine),
      subscriber: feed,
      logger: silentLogger(),
      metrics,
      concurrency,
      deadLetterDirectory,
      ...(maxFiles === undefined ? {} : { maxFiles }),
    });
    await ingest.start();
    return { ingest, feed, metrics };
  };
  const opened: TestIngest = {
    engine,
    folder,
    ...(await make()),
    restart: async () => {
      await opened.ingest.stop();
      Object.assign(opened, await make());
    },
    deadLetters: async () => {
      const names = await readdir(deadLetterDirectory).catch(() => []);
      const frames = names.filter((name) => name.endsWith('.frame')).toSorted();
      return Promise.all(
        frames.map(async (name) => ({
          name,
          reason: (
            await readFile(join(deadLetterDirectory, name.replace(/frame$/, 'reason')), 'utf8')
          ).trim(),
        })),
      );
    },
    lines: async (fileId = 'f1') => {
      const rows = await engine.select<{ position: number; message: string }>(
        'SELECT position, message FROM logs WHERE file_id = {file:String} ORDER BY position, message',
        { params: { file: fileId } },
      );
      return rows.map(({ position, message }) => `${position}: ${message}`);
    },
    [Symbol.asyncDispose]: async () => {
      await opened.ingest.stop();
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return opened;
}
