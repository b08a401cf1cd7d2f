/**
 * A process with nothing in it but the way from one Docker log to rows in an embedded ClickHouse,
 * the one Plimsoll takes or the ordinary one. Prints its account as one line of JSON.
 *
 *     node pipeline-alone.ts <plimsoll|ordinary> <Docker data folder> <empty folder> <lines>
 */
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';

export interface PipelineAccount {
  cpuSeconds: number;
  wallSeconds: number;
  peakRssBytes: number;
  rows: number;
  /** Of the table `logs`, all active parts with their indexes. */
  diskBytes: number;
}

// Queries of the engine occupy threads of libuv's pool, which reads its size at its first use.
process.env['UV_THREADPOOL_SIZE'] ??= '24';
const { Collector, DirectoryDiscovery } = await import('@plimsoll/collector');
const { Ingest } = await import('@plimsoll/ingest');
const { configSchema, createLogger, Metrics, systemClock } = await import('@plimsoll/runtime');
const { migrate, openEngine } = await import('@plimsoll/storage');
const { DirectTransport } = await import('@plimsoll/transport');

const [way = '', source = '', target = '', lineCount = ''] = process.argv.slice(2);
const lines = Number(lineCount);
const config = configSchema.parse({ collector: { host: 'bench', stats: { enabled: false } } });
const logger = createLogger({ level: 'warn' });
const engine = await openEngine({
  mode: 'embedded',
  path: join(target, 'clickhouse'),
  database: config.storage.database,
  logger,
});
await migrate(engine, { retention: config.storage.retention, logger });

const cpu = process.cpuUsage();
const start = performance.now();
if (way === 'plimsoll') await throughPlimsoll();
else await inTheOrdinaryWay();
const wallSeconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(cpu);
await engine.command('OPTIMIZE TABLE logs FINAL');
const account: PipelineAccount = {
  cpuSeconds: (user + system) / 1e6,
  wallSeconds,
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
  rows: await storedRows(),
  diskBytes: await diskBytes(),
};
await engine.close();
console.log(JSON.stringify(account));

/** Collector, journal on disk with its fsync, ingest with ranges and tokens: as `plimsoll all`. */
async function throughPlimsoll(): Promise<void> {
  const metrics = new Metrics();
  const deadLetterDirectory = join(target, 'dead-letters');
  const transport = new DirectTransport({
    directory: join(target, 'journal'),
    deadLetterDirectory,
    maxBytes: config.ingest.journal_max_bytes,
    batchMaxBytes: config.ingest.batch_max_bytes,
    flushIntervalMs: config.ingest.flush_interval,
    logger,
    metrics,
  });
  const { concurrency } = config.ingest;
  const subscriber = transport;
  const ingest = new Ingest({
    engine,
    subscriber,
    logger,
    metrics,
    concurrency,
    deadLetterDirectory,
  });
  const { host } = config.collector;
  const { tenant } = config;
  const discovery = new DirectoryDiscovery({
    root: source,
    tenant,
    host,
    clock: systemClock,
    logger,
  });
  const collector = new Collector({
    config: config.collector,
    tenant,
    stateDirectory: join(target, 'collector'),
    version: 'bench',
    publisher: transport,
    logger,
    discovery,
  });
  await transport.start();
  await ingest.start();
  await collector.start();
  while ((await storedRows()) < lines) await wait(50);
  await collector.stop();
  await ingest.stop();
  await transport.stop();
}

/** Each line parsed and encoded again in JavaScript, inserted by JSONEachRow, two batches at once. */
async function inTheOrdinaryWay(): Promise<void> {
  const batchLines = 100_000;
  const columns = ['time', 'tenant', 'host', 'container_name', 'stream', 'message', 'position'];
  const underWay = new Set<Promise<unknown>>();
  let rows: string[] = [];
  let position = 0;
  const flush = async (): Promise<void> => {
    const data = Buffer.from(rows.join('\n'));
    rows = [];
    const insert = engine.insert({ table: 'logs', columns, format: 'JSONEachRow', data });
    underWay.add(insert);
    void insert.finally(() => underWay.delete(insert));
    if (underWay.size >= config.ingest.concurrency) await Promise.race(underWay);
  };
  const input = createReadStream(readFileSync(join(source, 'log-path'), 'utf8'));
  for await (const line of createInterface({ input })) {
    // The generator writes nothing but Docker's own lines.
    const { log, stream, time } = JSON.parse(line) as { log: string; stream: string; time: string };
    const message = log.endsWith('\n') ? log.slice(0, -1) : log;
    rows.push(
      JSON.stringify({
        time: time.replace('T', ' ').replace('Z', ''),
        tenant: 'default',
        host: 'bench',
        container_name: 'bench',
        stream,
        message,
        position,
      }),
    );
    position += line.length + 1;
    if (rows.length >= batchLines) await flush();
  }
  if (rows.length > 0) await flush();
  await Promise.all(underWay);
}

async function storedRows(): Promise<number> {
  const [row] = await engine.select<{ n: string | number }>('SELECT count() AS n FROM logs');
  return Number(row?.n ?? 0);
}

async function diskBytes(): Promise<number> {
  const [row] = await engine.select<{ n: string | number }>(
    `SELECT sum(bytes_on_disk) AS n FROM system.parts
     WHERE active AND database = currentDatabase() AND table = 'logs'`,
  );
  return Number(row?.n ?? 0);
}
