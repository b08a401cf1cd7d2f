/** The parts of Plimsoll that Kafka stands between, each with nothing beside it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Collector, makeTarget } from '@plimsoll/collector';
import { Ingest } from '@plimsoll/ingest';
import { hostLabels } from '@plimsoll/model';
import { configSchema, createLogger, Metrics, type Config } from '@plimsoll/runtime';
import { migrate, openEngine, type Engine } from '@plimsoll/storage';
import { FolderDeadLetters, KafkaPublisher, KafkaSubscriber } from '@plimsoll/transport';
import { FixedDiscovery } from './fixed-discovery.ts';
import type { JobLog, KafkaAccount, KafkaJob, StoredTable } from './kafka-job.ts';
import { startMeasuring } from './measure.ts';
import { quietFrames } from './quiet-frames.ts';
import { statisticsFrames } from './statistics-frames.ts';

type Job<Kind extends KafkaJob['kind']> = Extract<KafkaJob, { kind: Kind }>;

const logger = createLogger({ level: 'warn' });

/** One host's logs, until the broker has every byte. */
export async function publishLogs(job: Job<'publish logs'>): Promise<KafkaAccount> {
  const config = configure(job, job.host);
  const publisher = startPublisher(config);
  const stateDirectory = mkdtempSync(join(tmpdir(), 'plimsoll-bench-collector-'));
  const collector = makeCollector(config, { logs: job.logs, publisher, stateDirectory });
  const bytes = job.logs.reduce((sum, log) => sum + log.bytes, 0);
  const measure = startMeasuring();
  await collector.start();
  while (collector.status().acknowledged.bytes < bytes) await wait(10);
  const measured = measure();
  const rows = collector.status().acknowledged.lines;
  await collector.stop();
  await publisher.stop();
  rmSync(stateDirectory, { recursive: true, force: true });
  return { ...measured, rows, distinctRows: rows, looks: [] };
}

/** Wide rows of many hosts, one frame for each host and scrape. */
export async function publishStatistics(job: Job<'publish statistics'>): Promise<KafkaAccount> {
  return publishFrames(job, { kind: 'rows', rowsOfEach: job.containers }, statisticsFrames(job));
}

/** Logs of many hosts that write little. */
export async function publishQuietly(job: Job<'publish quietly'>): Promise<KafkaAccount> {
  return publishFrames(job, { kind: 'logs', rowsOfEach: job.containers }, quietFrames(job));
}

async function publishFrames(
  job: KafkaJob,
  { kind, rowsOfEach }: { kind: 'logs' | 'rows'; rowsOfEach: number },
  frames: Iterable<Promise<{ key: string; bytes: Buffer }>>,
): Promise<KafkaAccount> {
  const publisher = startPublisher(configure(job, 'bench'));
  const measure = startMeasuring();
  let rows = 0;
  const underWay = new Set<Promise<void>>();
  for (const frame of frames) {
    rows += rowsOfEach;
    const { bytes, key } = await frame;
    const sending = publisher.publish({ key, kind, bytes });
    underWay.add(sending);
    void sending.then(() => underWay.delete(sending));
    if (underWay.size >= 64) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  const measured = measure();
  await publisher.stop();
  return { ...measured, rows, distinctRows: rows, looks: [] };
}

/** What the topics hold, and with `logs` what the collector brings, until all rows are there. */
export async function store(job: Job<'store'>): Promise<KafkaAccount> {
  const config = configure(job, 'bench');
  const running = await startStoring(config, job.dataFolder);
  const measure = startMeasuring();
  await running.ingest.start();
  const stopCollecting =
    job.logs.length === 0 ? undefined : await startCollecting(config, job.logs, job.dataFolder);
  while ((await countRows(running.engine, job.table)) < job.rows) await wait(50);
  const measured = measure();
  await stopCollecting?.();
  await running.stop();
  const counted = await countDistinct(running.engine, job.table);
  await running.engine.close();
  return { ...measured, ...counted, looks: [] };
}

/** The whole path over logs that grow, looked at as a reader would, until all rows are there. */
export async function watch(job: Job<'watch'>): Promise<KafkaAccount> {
  const config = configure(job, 'bench');
  const running = await startStoring(config, job.dataFolder);
  await running.ingest.start();
  const stopCollecting = await startCollecting(config, job.logs, job.dataFolder);
  // For whoever starts the writer.
  process.stderr.write('watching\n');
  const measure = startMeasuring();
  const looks: KafkaAccount['looks'] = [];
  for (let seen = 0; seen < job.rows; await wait(job.pollMs)) {
    const rows = await rowsByLog(running.engine, job.logs);
    looks.push({ atMs: performance.timeOrigin + performance.now(), rows });
    seen = rows.reduce((sum, each) => sum + each, 0);
  }
  const measured = measure();
  await stopCollecting();
  await running.stop();
  const counted = await countDistinct(running.engine, 'logs');
  await running.engine.close();
  return { ...measured, ...counted, looks };
}

function configure({ brokers, prefix, partitions }: KafkaJob, host: string): Config {
  return configSchema.parse({
    transport: {
      mode: 'kafka',
      kafka: { brokers, topic_prefix: prefix, topics: { partitions } },
    },
    collector: {
      host,
      docker: { enabled: false },
      stats: { enabled: false },
      orphans: { enabled: false },
    },
  });
}

function startPublisher(config: Config): KafkaPublisher {
  const publisher = new KafkaPublisher({
    config: config.transport.kafka,
    logger,
    metrics: new Metrics(),
  });
  publisher.start();
  return publisher;
}

function makeCollector(
  config: Config,
  wiring: { logs: readonly JobLog[]; publisher: KafkaPublisher; stateDirectory: string },
): Collector {
  const targets = wiring.logs.map(({ container, path }) =>
    makeTarget({
      dockerId: container,
      labels: {
        ...hostLabels('default', config.collector.host),
        container_id: container,
        container_name: container,
      },
      state: 'running',
      pid: 0,
      logSource: 'docker-file',
      logDriver: 'json-file',
      logPath: path,
      writableLayer: '',
      cgroup: { parent: '', driver: 'cgroupfs' },
    }),
  );
  return new Collector({
    config: config.collector,
    tenant: config.tenant,
    stateDirectory: wiring.stateDirectory,
    version: 'bench',
    publisher: wiring.publisher,
    logger,
    discovery: new FixedDiscovery(targets),
  });
}

async function startCollecting(
  config: Config,
  logs: readonly JobLog[],
  dataFolder: string,
): Promise<() => Promise<void>> {
  const publisher = startPublisher(config);
  const stateDirectory = join(dataFolder, 'collector');
  const collector = makeCollector(config, { logs, publisher, stateDirectory });
  await collector.start();
  return async () => {
    await collector.stop();
    await publisher.stop();
  };
}

interface Storing {
  engine: Engine;
  ingest: Ingest;
  /** Ingest and its way from Kafka; the engine stays open. */
  stop(): Promise<void>;
}

async function startStoring(config: Config, dataFolder: string): Promise<Storing> {
  const { ingest: settings, transport } = config;
  const metrics = new Metrics();
  const engine = await openEngine({
    mode: 'embedded',
    path: join(dataFolder, 'engine'),
    database: 'plimsoll',
    insertConnections: settings.concurrency,
  });
  await migrate(engine);
  const subscriber = new KafkaSubscriber({
    config: transport.kafka,
    limits: {
      batchMaxBytes: settings.batch_max_bytes,
      batchMaxRows: settings.batch_max_rows,
      flushIntervalMs: settings.flush_interval,
      maxInFlightBytes: settings.max_in_flight,
    },
    logger,
    metrics,
  });
  const ingest = new Ingest({
    engine,
    subscriber,
    logger,
    metrics,
    concurrency: settings.concurrency,
    deadLetters: new FolderDeadLetters({ directory: join(dataFolder, 'dead-letters') }),
  });
  return {
    engine,
    ingest,
    stop: async () => {
      await ingest.stop();
      await subscriber.stop();
    },
  };
}

/** The number of rows comes from the parts' own headers: asking costs nothing. */
async function countRows(engine: Engine, table: StoredTable): Promise<number> {
  const [row] = await engine.select<{ rows: number }>(`SELECT count() AS rows FROM ${table}`);
  return row?.rows ?? 0;
}

const identities = {
  logs: 'uniqExact(file_id, position)',
  container_stats: 'uniqExact(host, container_id, time)',
} as const;

async function countDistinct(
  engine: Engine,
  table: StoredTable,
): Promise<Pick<KafkaAccount, 'rows' | 'distinctRows'>> {
  const [row] = await engine.select<{ rows: number; distinctRows: number }>(
    `SELECT count() AS rows, ${identities[table]} AS distinctRows FROM ${table}`,
    { maxExecutionMs: 300_000 },
  );
  return row ?? { rows: 0, distinctRows: 0 };
}

async function rowsByLog(engine: Engine, logs: readonly JobLog[]): Promise<number[]> {
  const found = await engine.select<{ container: string; rows: number }>(
    'SELECT container_id AS container, count() AS rows FROM logs GROUP BY container',
  );
  const byContainer = new Map(found.map(({ container, rows }) => [container, rows]));
  return logs.map(({ container }) => byContainer.get(container) ?? 0);
}
