/**
 * A process with nothing in it but the log path of the all-in-one: collector, journal, ingest and
 * embedded engine. Reads one Docker log to its end, until every line is a row; then settles the
 * table, so that its size counts indexes and leaves no merge undone. Prints its account as one line
 * of JSON.
 *
 *     node logs-to-rows.ts <Docker data folder with one container> <data folder> <lines>
 *     node logs-to-rows.ts ordinary <log file> <data folder> <lines>
 *
 * `ordinary` is what one would write first: JSON.parse for each line, rows as JSON, one connection.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { Collector, DirectoryDiscovery } from '@plimsoll/collector';
import { Ingest } from '@plimsoll/ingest';
import { configSchema, createLogger, Metrics, systemClock } from '@plimsoll/runtime';
import { migrate, openEngine, type Engine } from '@plimsoll/storage';
import { DirectTransport, FolderDeadLetters } from '@plimsoll/transport';

export interface LogsToRowsAccount {
  wallSeconds: number;
  cpuSeconds: number;
  /** To merge what there is into one part afterwards: work that was put off, in the worst case. */
  mergeCpuSeconds: number;
  peakRssBytes: number;
  /** After all merges, with indexes. */
  diskBytes: number;
  indexBytes: number;
  rows: number;
  distinctPositions: number;
}

const [first = '', second = '', third = '', fourth = ''] = process.argv.slice(2);
const account =
  first === 'ordinary'
    ? await ordinary(second, third, Number(fourth))
    : await whole(first, second, Number(third));
console.log(JSON.stringify(account));

async function whole(
  dockerFolder: string,
  dataFolder: string,
  lines: number,
): Promise<LogsToRowsAccount> {
  const {
    tenant,
    collector: config,
    ingest: ingestConfig,
  } = configSchema.parse({
    collector: { host: 'bench', stats: { enabled: false } },
  });
  const logger = createLogger({ level: 'warn' });
  const metrics = new Metrics();
  const engine = await openEngine({
    mode: 'embedded',
    path: join(dataFolder, 'engine'),
    database: 'plimsoll',
    insertConnections: ingestConfig.concurrency,
  });
  await migrate(engine);
  const transport = new DirectTransport({
    directory: join(dataFolder, 'journal'),
    maxBytes: ingestConfig.journal_max_bytes,
    batchMaxBytes: ingestConfig.batch_max_bytes,
    flushIntervalMs: ingestConfig.flush_interval,
    logger,
    metrics,
  });
  await transport.start();
  const ingest = new Ingest({
    engine,
    subscriber: transport,
    logger,
    metrics,
    concurrency: ingestConfig.concurrency,
    deadLetters: new FolderDeadLetters({ directory: join(dataFolder, 'dead-letters') }),
  });
  const discovery = new DirectoryDiscovery({
    root: dockerFolder,
    tenant,
    host: config.host,
    clock: systemClock,
    logger,
  });
  const collector = new Collector({
    config,
    tenant,
    stateDirectory: join(dataFolder, 'collector'),
    version: 'bench',
    publisher: transport,
    logger,
    discovery,
  });
  const measure = startMeasuring();
  await ingest.start();
  await collector.start();
  await untilRows(engine, lines);
  const measured = measure();
  await collector.stop();
  await ingest.stop();
  await transport.stop();
  return settle(engine, measured);
}

async function ordinary(
  path: string,
  dataFolder: string,
  lines: number,
): Promise<LogsToRowsAccount> {
  const engine = await openEngine({
    mode: 'embedded',
    path: join(dataFolder, 'engine'),
    database: 'plimsoll',
    insertConnections: 1,
  });
  await migrate(engine);
  const measure = startMeasuring();
  const rowsPerInsert = 100_000;
  let rows: string[] = [];
  let position = 0;
  const insert = async (): Promise<void> => {
    await engine.insert({
      table: 'logs',
      columns: [
        'time',
        'host',
        'container_id',
        'stream',
        'message',
        'file_id',
        'position',
        'ingested_at',
      ],
      format: 'JSONEachRow',
      data: Buffer.from(rows.join('\n')),
    });
    rows = [];
  };
  for await (const line of createInterface({
    input: createReadStream(path),
    crlfDelay: Infinity,
  })) {
    // A line of Docker's own.
    const { log, stream, time } = JSON.parse(line) as { log: string; stream: string; time: string };
    rows.push(
      JSON.stringify({
        time: time.slice(0, -1),
        host: 'bench',
        container_id: 'b',
        stream,
        message: log.trimEnd(),
        file_id: 'f',
        position,
        ingested_at: '2026-01-01 00:00:00',
      }),
    );
    position += Buffer.byteLength(line) + 1;
    if (rows.length >= rowsPerInsert) await insert();
  }
  if (rows.length > 0) await insert();
  await untilRows(engine, lines);
  return settle(engine, measure());
}

type Measured = Pick<LogsToRowsAccount, 'wallSeconds' | 'cpuSeconds' | 'peakRssBytes'>;

function startMeasuring(): () => Measured {
  const cpu = process.cpuUsage();
  const start = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return {
      wallSeconds: (performance.now() - start) / 1000,
      cpuSeconds: (user + system) / 1e6,
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
    };
  };
}

/** The number of rows comes from the parts' own headers: asking costs nothing. */
async function untilRows(engine: Engine, lines: number): Promise<void> {
  for (;;) {
    const [row] = await engine.select<{ rows: number }>('SELECT count() AS rows FROM logs');
    if ((row?.rows ?? 0) >= lines) return;
    await wait(100);
  }
}

async function settle(engine: Engine, measured: Measured): Promise<LogsToRowsAccount> {
  const cpu = process.cpuUsage();
  await engine.command('OPTIMIZE TABLE logs FINAL');
  const merge = process.cpuUsage(cpu);
  const [parts] = await engine.select<{ disk: number; index: number }>(
    `SELECT sum(bytes_on_disk) AS disk, sum(secondary_indices_compressed_bytes) AS index
     FROM system.parts WHERE active AND database = 'plimsoll' AND table = 'logs'`,
  );
  const [counted] = await engine.select<{ rows: number; positions: number }>(
    'SELECT count() AS rows, uniqExact(position) AS positions FROM logs',
    { maxExecutionMs: 300_000 },
  );
  await engine.close();
  return {
    ...measured,
    mergeCpuSeconds: (merge.user + merge.system) / 1e6,
    diskBytes: parts?.disk ?? 0,
    indexBytes: parts?.index ?? 0,
    rows: counted?.rows ?? 0,
    distinctPositions: counted?.positions ?? 0,
  };
}
