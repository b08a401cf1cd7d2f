/** Frames out of a real Kafka broker, each handed over once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaMissing, startKafka, type KafkaBroker } from '@plimsoll/infra/kafka';
import { configSchema, Metrics, silentLogger } from '@plimsoll/runtime';
import { KafkaPublisher, KafkaSubscriber, type Batch } from '@plimsoll/transport';
import { describeTransport } from '@plimsoll/transport/conformance';
import kafkajs from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/plimsoll-process.ts';
import { isSkipped } from '../harness/requirement.ts';

const missing = kafkaMissing();
const title = missing === null ? '' : ` (skipped: ${missing})`;

describe.skipIf(isSkipped(missing))(`consuming from Kafka${title}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-kafka-'));
  let broker: KafkaBroker;
  let topics = 0;

  beforeAll(async () => {
    const [port, controllerPort] = [await freePort(), await freePort()];
    broker = await startKafka({ folder, port, controllerPort });
  });
  afterAll(async () => {
    await broker.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const kafkaConfig = (changes = {}) =>
    configSchema.parse({
      transport: {
        kafka: {
          brokers: [broker.address],
          topic_prefix: `t${topics}`,
          group: `g${topics}`,
          topics: { partitions: 3 },
          session_timeout: '6s',
          ...changes,
        },
      },
    }).transport.kafka;

  const limits = {
    batchMaxBytes: 1_000_000,
    batchMaxRows: 100_000,
    flushIntervalMs: 20,
    maxInFlightBytes: 64 * 1024 * 1024,
  };

  describeTransport({
    name: 'kafka',
    open: async () => {
      const options = { config: kafkaConfig(), logger: silentLogger(), metrics: new Metrics() };
      const publisher = new KafkaPublisher(options);
      publisher.start();
      const subscriber = new KafkaSubscriber({ ...options, metrics: new Metrics(), limits });
      const close = async (): Promise<void> => {
        await subscriber.stop();
        await publisher.stop();
      };
      return Promise.resolve({ publisher, subscriber, close });
    },
    clear: () => {
      topics += 1;
      return Promise.resolve();
    },
  });

  describe('a consumer', () => {
    const stops: (() => Promise<void>)[] = [];
    let publisher: KafkaPublisher;
    let admin: kafkajs.Admin;
    beforeEach(async () => {
      topics += 1;
      const options = { logger: silentLogger(), metrics: new Metrics() };
      publisher = new KafkaPublisher({ ...options, config: kafkaConfig() });
      publisher.start();
      admin = client().admin();
      await admin.connect();
    });
    afterEach(async () => {
      await Promise.all(stops.splice(0).map((stop) => stop()));
      await publisher.stop();
      await admin.disconnect();
    });

    const client = () =>
      new kafkajs.Kafka({ brokers: [broker.address], logLevel: kafkajs.logLevel.NOTHING });
    const publish = (text: string | Buffer): Promise<void> =>
      publisher.publish({ key: 'h', kind: 'logs', bytes: Buffer.from(text) });
    const start = (changes = {}) => {
      const metrics = new Metrics();
      const config = kafkaConfig(changes);
      const subscriber = new KafkaSubscriber({ config, limits, logger: silentLogger(), metrics });
      const batches: Batch[] = [];
      const running = subscriber.run((batch) => {
        batches.push(batch);
        return Promise.resolve();
      }, new AbortController().signal);
      const stop = async (): Promise<void> => {
        await subscriber.stop();
        await running;
      };
      stops.push(stop);
      return { subscriber, metrics, batches, stop };
    };
    const frameOf = (batches: readonly Batch[], text: string): Promise<Batch> =>
      eventually(text, 20_000, () =>
        Promise.resolve(batches.find(({ frames }) => frames.some((each) => String(each) === text))),
      );
    const partitionOf = ({ partition }: Batch): number => Number(/\/(\d+)@/.exec(partition)?.[1]);

    test('gets the largest frame there is', async () => {
      const largest = 16 * 1024 * 1024 - 64 * 1024;
      await publish(Buffer.alloc(largest, 1));
      const { batches } = start();
      const batch = await eventually('the frame', 20_000, () => Promise.resolve(batches[0]));
      expect(batch.frames.map((frame) => frame.length)).toEqual([largest]);
    });

    test('begins another incarnation where an operator set the offset back', async () => {
      await publish('a');
      const first = start();
      const before = await frameOf(first.batches, 'a');
      await first.stop();
      await admin.setOffsets({
        groupId: kafkaConfig().group,
        topic: `t${topics}.logs`,
        partitions: [{ partition: partitionOf(before), offset: '0' }],
      });
      const again = await frameOf(start().batches, 'a');
      expect(again).toMatchObject({ first: 0, isReplay: false });
      expect(again.partition).not.toBe(before.partition);
    });

    test('tells what was deleted before it was stored, and goes on', async () => {
      await publish('a');
      const first = start();
      const partition = partitionOf(await frameOf(first.batches, 'a'));
      await first.stop();
      await publish('b');
      await publish('c');
      // The library deletes nothing of a topic that it has not looked at.
      await admin.fetchTopicOffsets(`t${topics}.logs`);
      await admin.deleteTopicRecords({
        topic: `t${topics}.logs`,
        partitions: [{ partition, offset: '2' }],
      });
      const { batches, metrics, subscriber } = start();
      await frameOf(batches, 'c');
      expect(await metrics.render()).toContain('lost_frames_total{reason="retention"} 1');
      expect(subscriber.health().reason).toContain('retention took frames 1 to 1');
    });

    test('reads partitions that a topic gets meanwhile, from their beginning', async () => {
      await publish('a');
      const { batches } = start();
      await frameOf(batches, 'a');
      const topic = `t${topics}.logs`;
      await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] });
      const producer = client().producer({
        createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      });
      await producer.connect();
      await producer.send({ topic, messages: [{ value: 'b', partition: 4 }] });
      await producer.disconnect();
      // Looks at how many there are every 30 s.
      const batch = await eventually('a frame of the new partition', 60_000, () =>
        Promise.resolve(batches.find((each) => partitionOf(each) === 4)),
      );
      expect(batch.frames.map(String)).toEqual(['b']);
      expect(batches.flatMap(({ frames }) => frames).map(String)).toEqual(['a', 'b']);
    });

    test('says what to do about a session that the brokers refuse', async () => {
      const { subscriber } = start({ session_timeout: '40m' });
      const reason = await eventually('a reason', 20_000, () =>
        Promise.resolve(/INVALID_SESSION.*/.exec(subscriber.health().reason ?? '')?.[0]),
      );
      expect(reason).toContain('group.max.session.timeout.ms');
    });

    test('does not let another kind of consumer into its group', async () => {
      const { subscriber } = start();
      await eventually('it to be well', 20_000, () => Promise.resolve(subscriber.health().ok));
      const other = client().consumer({
        groupId: kafkaConfig().group,
        retry: { retries: 0 },
      });
      const crashed = new Promise<string>((resolve) => {
        other.on('consumer.crash', ({ payload }) => resolve(payload.error.message));
      });
      await other.connect();
      await other.subscribe({ topic: `t${topics}.logs` });
      await other.run({ eachMessage: () => Promise.resolve() });
      expect(await crashed).toMatch(/protocol/i);
      await other.disconnect();
      expect(subscriber.health().ok).toBe(true);
    });
  });
});
