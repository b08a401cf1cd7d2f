/**
 * A consumer of Kafka as a process of its own, to be killed and frozen: stores batches as an engine
 * with tokens would, one line `token TAB frame` for each frame in a file that several share.
 * Arguments as JSON: {@link MemberArguments}. Says `handling <token>` and `stored <token>`.
 */
import { appendFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { configSchema, Metrics, silentLogger } from '@plimsoll/runtime';
import { KafkaSubscriber, type Batch } from '@plimsoll/transport';

export interface MemberArguments {
  /** Of `transport.kafka`. */
  kafka: Record<string, unknown>;
  file: string;
  /** From when a batch is handed over until it is stored. */
  storeMs: number;
}

const { kafka, file, storeMs } = JSON.parse(process.argv[2] ?? '{}') as MemberArguments;
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const subscriber = new KafkaSubscriber({
  config: configSchema.parse({ transport: { kafka } }).transport.kafka,
  limits: {
    batchMaxBytes: 100_000,
    batchMaxRows: 100_000,
    flushIntervalMs: 50,
    maxInFlightBytes: 64 * 1024 * 1024,
  },
  logger: silentLogger(),
  metrics: new Metrics(),
});
await subscriber.run(store, stop.signal);

async function store({ partition, first, last, frames }: Batch): Promise<void> {
  const token = `${partition}:${first}-${last}`;
  process.stdout.write(`handling ${token}\n`);
  await sleep(storeMs);
  appendFileSync(file, frames.map((frame) => `${token}\t${frame.toString()}\n`).join(''));
  process.stdout.write(`stored ${token}\n`);
}
