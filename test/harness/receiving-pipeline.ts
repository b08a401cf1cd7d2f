/** HTTP → journal → ingest → embedded engine, in this process: what is pushed can be asked for in SQL. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReceivers, type Receivers } from '@plimsoll/receivers';
import { configSchema, Metrics, silentLogger } from '@plimsoll/runtime';
import { migrate, openEngine, type Engine } from '@plimsoll/storage';
import { FolderDeadLetters } from '@plimsoll/transport';
import { startJournalIngest, type JournalIngest } from './journal-ingest.ts';

export interface ReceivingPipeline extends AsyncDisposable {
  engine: Engine;
  /** Such as `http://127.0.0.1:40123`; another one after a restart. */
  url: string;
  metrics: Metrics;
  /** Stops all but the engine, and starts it again on the same journal. */
  restart(): Promise<void>;
  deadLetters(): Promise<string[]>;
}

interface Running {
  ingest: JournalIngest;
  receivers: Receivers;
  metrics: Metrics;
  url: string;
}

export async function openReceivingPipeline(
  receiversConfig: object = {},
): Promise<ReceivingPipeline> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-receivers-'));
  const engine = await openEngine({
    mode: 'embedded',
    path: join(folder, 'engine'),
    database: 'plimsoll',
    insertConnections: 2,
  });
  await migrate(engine);
  const letters = new FolderDeadLetters({ directory: join(folder, 'dead-letters') });
  let running = await start({ folder, engine, letters }, receiversConfig);
  const pipeline: ReceivingPipeline = {
    engine,
    url: running.url,
    metrics: running.metrics,
    restart: async () => {
      await stop(running);
      running = await start({ folder, engine, letters }, receiversConfig);
      Object.assign(pipeline, { url: running.url, metrics: running.metrics });
    },
    deadLetters: async () => (await letters.list()).map(({ reason }) => reason),
    [Symbol.asyncDispose]: async () => {
      await stop(running);
      await engine.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return pipeline;
}

async function start(
  { folder, engine, letters }: { folder: string; engine: Engine; letters: FolderDeadLetters },
  receiversConfig: object,
): Promise<Running> {
  const logger = silentLogger();
  const metrics = new Metrics();
  const ingest = await startJournalIngest({
    engine,
    folder,
    logger,
    metrics,
    deadLetters: letters,
  });
  const receivers = createReceivers({
    config: configSchema.parse({ receivers: { port: 0, ...receiversConfig } }).receivers,
    tenant: 'default',
    publisher: ingest.transport,
    logger,
    metrics,
    instance: 'testhost',
  });
  const url = await receivers.start();
  return { ingest, receivers, metrics, url };
}

async function stop({ ingest, receivers }: Running): Promise<void> {
  await receivers.stop();
  await ingest.stop();
}
