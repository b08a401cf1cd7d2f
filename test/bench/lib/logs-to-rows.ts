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
import { configSchema, createLogger, Metrics, systemClock } from '@plimsoll/runtime';
import { migrate, openEngine, type Engine } from '@plimsoll/storage';
import { startJournalIngest } from '../../harness/journal-ingest.ts';
import { startMeasuring, type Measured } from './measure.ts';
import { insertPlainRows, plainRow, plainRowsPerInsert } from './plain-rows.ts';

export interface LogsToRowsAccount extends Measured {
  /** To merge what there is into one part afterwards: work that was put off, in the worst case. */
  mergeCpuSeconds: number;
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
  const discovery = new DirectoryDiscovery({
    root: dockerFolder,
    tenant,
    host: config.host,
    clock: systemClock,
    logger,
  });
  const pipeline = await startJournalIngest({
    engine,
    folder: dataFolder,
    logger,
    metrics,
    concurrency: ingestConfig.concurrency,
    journalBytes: ingestConfig.journal_max_bytes,
    batchBytes: ingestConfig.batch_max_bytes,
    flushIntervalMs: ingestConfig.flush_interval,
  });
  const collector = new Collector({
    config,
    tenant,
    stateDirectory: join(dataFolder, 'collector'),
    version: 'bench',
    publisher: pipeline.transport,
    logger,
    discovery,
  });
  const measure = startMeasuring();
  await collector.start();
  await untilRows(engine, lines);
  const measured = measure();
  await collector.stop();
  await pipeline.stop();
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
  let rows: string[] = [];
  let position = 0;
  for await (const line of createInterface({
    input: createReadStream(path),
    crlfDelay: Infinity,
  })) {
    rows.push(plainRow(line, 'f', position));
    position += Buffer.byteLength(line) + 1;
    if (rows.length < plainRowsPerInsert) continue;
    await insertPlainRows(engine, rows);
    rows = [];
  }
  if (rows.length > 0) await insertPlainRows(engine, rows);
  await untilRows(engine, lines);
  return settle(engine, measure());
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
