/**
 * What one would write first: a topic with one Docker line per message, and a consumer that parses
 * each and inserts rows as JSON, with the libraries as they are. At least once.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { migrate, openEngine, type Engine } from '@plimsoll/storage';
import kafkajs from 'kafkajs';
import type { KafkaAccount, KafkaJob } from './kafka-job.ts';
import { startMeasuring } from './measure.ts';

type Job<Kind extends KafkaJob['kind']> = Extract<KafkaJob, { kind: Kind }>;

const linesPerSend = 5000;
const rowsPerInsert = 100_000;

const clientOf = (brokers: string[]) =>
  new kafkajs.Kafka({ clientId: 'plain', brokers, logLevel: kafkajs.logLevel.NOTHING });

/** Lines of one file over the partitions of the topic, in turns. */
export async function publishLines(job: Job<'publish lines'>): Promise<KafkaAccount> {
  const { brokers, prefix, partitions, path } = job;
  const topic = `${prefix}.lines`;
  const kafka = clientOf(brokers);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [{ topic, numPartitions: partitions }],
    waitForLeaders: true,
  });
  await admin.disconnect();
  const producer = kafka.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const measure = startMeasuring();
  let lines: string[] = [];
  let sends = 0;
  let rows = 0;
  const send = async (): Promise<void> => {
    const partition = sends++ % partitions;
    rows += lines.length;
    await producer.send({ topic, messages: lines.map((value) => ({ value, partition })) });
    lines = [];
  };
  for await (const line of createInterface({ input: createReadStream(path) })) {
    lines.push(line);
    if (lines.length >= linesPerSend) await send();
  }
  if (lines.length > 0) await send();
  const measured = measure();
  await producer.disconnect();
  return { ...measured, rows, distinctRows: rows, looks: [] };
}

export async function consumePlainly(job: Job<'plain consumer'>): Promise<KafkaAccount> {
  const { brokers, prefix, dataFolder, rows: wanted } = job;
  const engine = await openEngine({
    mode: 'embedded',
    path: join(dataFolder, 'engine'),
    database: 'plimsoll',
    insertConnections: 1,
  });
  await migrate(engine);
  const consumer = clientOf(brokers).consumer({ groupId: 'plain' });
  await consumer.connect();
  await consumer.subscribe({ topic: `${prefix}.lines`, fromBeginning: true });
  const measure = startMeasuring();
  const done = Promise.withResolvers<void>();
  let waiting: string[] = [];
  let rows = 0;
  const insert = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    await insertRows(engine, batch);
    rows += batch.length;
    if (rows >= wanted) done.resolve();
  };
  await consumer.run({
    eachBatch: async (payload) => {
      const { messages, partition } = payload.batch;
      for (const { value, offset } of messages) {
        waiting.push(toRow(value?.toString() ?? '', String(partition), offset));
        if (waiting.length >= rowsPerInsert || rows + waiting.length >= wanted) await insert();
      }
      await payload.heartbeat();
    },
  });
  await done.promise;
  const measured = measure();
  await consumer.disconnect();
  await engine.close();
  return { ...measured, rows, distinctRows: rows, looks: [] };
}

function toRow(line: string, fileId: string, position: string): string {
  // A line of Docker's own.
  const { log, stream, time } = JSON.parse(line) as { log: string; stream: string; time: string };
  return JSON.stringify({
    time: time.slice(0, -1),
    host: 'bench',
    container_id: 'b',
    stream,
    message: log.trimEnd(),
    file_id: fileId,
    position: Number(position),
    ingested_at: '2026-01-01 00:00:00',
  });
}

const columns = [
  'time',
  'host',
  'container_id',
  'stream',
  'message',
  'file_id',
  'position',
  'ingested_at',
];

async function insertRows(engine: Engine, rows: readonly string[]): Promise<void> {
  const data = Buffer.from(rows.join('\n'));
  await engine.insert({ table: 'logs', columns, format: 'JSONEachRow', data });
}
