/**
 * What one would write first: a topic with one Docker line per message, and a consumer that parses
 * each and inserts rows as JSON, with the libraries as they are. At least once.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { migrate, openEngine } from '@plimsoll/storage';
import kafkajs from 'kafkajs';
import type { KafkaAccount, KafkaJob } from './kafka-job.ts';
import { startMeasuring } from './measure.ts';
import { insertPlainRows, plainRow, plainRowsPerInsert } from './plain-rows.ts';

type Job<Kind extends KafkaJob['kind']> = Extract<KafkaJob, { kind: Kind }>;

const linesPerSend = 5000;

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
    await insertPlainRows(engine, batch);
    rows += batch.length;
    if (rows >= wanted) done.resolve();
  };
  await consumer.run({
    eachBatch: async (payload) => {
      const { messages, partition } = payload.batch;
      for (const { value, offset } of messages) {
        waiting.push(plainRow(value?.toString() ?? '', String(partition), Number(offset)));
        if (waiting.length >= plainRowsPerInsert || rows + waiting.length >= wanted) await insert();
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
