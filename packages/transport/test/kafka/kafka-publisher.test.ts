import { configSchema, ManualClock, Metrics, silentLogger } from '@plimsoll/runtime';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { KafkaPublisher } from '../../src/index.ts';
import { kafkaFailureKinds } from '../../src/kafka/kafka-client.ts';
import { fakeKafka, type FakeKafka } from './fake-kafka.ts';

const config = configSchema.parse({}).transport.kafka;
let publisher: KafkaPublisher;
let clock: ManualClock;
let metrics: Metrics;
afterEach(() => publisher.stop());

function open(kafka: FakeKafka): void {
  clock = new ManualClock();
  metrics = new Metrics();
  publisher = new KafkaPublisher({
    config,
    logger: silentLogger(),
    metrics,
    clock,
    openClient: kafka.openClient,
  });
  publisher.start();
}

const publish = (text: string, signal?: AbortSignal): Promise<void> =>
  publisher.publish({ key: 't/h', kind: 'logs', bytes: Buffer.from(text) }, signal);

/** Lets everything run that waits for nothing but time. */
async function pass(seconds: number): Promise<void> {
  for (let step = 0; step < seconds * 10; step++) {
    await clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const logs = (kafka: FakeKafka): string[] => kafka.stored.get('plimsoll.logs') ?? [];

describe('delivery', () => {
  test('frames that wait for one send go together in the next', async () => {
    const kafka = fakeKafka();
    let release = (): void => undefined;
    kafka.hold = new Promise((resolve) => (release = resolve));
    open(kafka);
    const all = ['a', 'b', 'c', 'd'].map((text) => publish(text));
    await pass(1);
    release();
    await Promise.all(all);
    expect(logs(kafka)).toEqual(['a', 'b', 'c', 'd']);
    expect(kafka.batches.length).toBeLessThanOrEqual(2);
  });

  test('a frame whose answer was lost is there twice, and nothing overtakes it', async () => {
    const kafka = fakeKafka();
    kafka.nextSends = ['lost answer'];
    open(kafka);
    const all = Promise.all(['a', 'b'].map((text) => publish(text)));
    await pass(20);
    await all;
    expect([...new Set(logs(kafka))]).toEqual(['a', 'b']);
    expect(logs(kafka).length).toBeGreaterThan(2);
  });

  test('first copies arrive in order and none is missing, whatever fails', async () => {
    const outcome = fc.constantFrom(...kafkaFailureKinds, 'lost answer' as const);
    await fc.assert(
      fc.asyncProperty(
        fc.array(outcome, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }),
        async (nextSends, bursts) => {
          const kafka = fakeKafka();
          kafka.nextSends = nextSends;
          open(kafka);
          const sent: string[] = [];
          const publishing: Promise<void>[] = [];
          for (const burst of bursts) {
            for (let each = 0; each < burst; each++) {
              const text = `frame ${sent.length}`;
              sent.push(text);
              publishing.push(publish(text));
            }
            await pass(1);
          }
          await pass(60);
          await Promise.all(publishing);
          expect([...new Set(logs(kafka))]).toEqual(sent);
          await publisher.stop();
        },
      ),
      { numRuns: 30 },
    );
  });

  test('where a batch is too large its frames go one by one', async () => {
    const kafka = fakeKafka();
    kafka.maxBatchBytes = 10;
    open(kafka);
    const all = Promise.all(['aaaaaa', 'bbbbbb', 'cccccc'].map((text) => publish(text)));
    await pass(2);
    await all;
    expect(logs(kafka)).toEqual(['aaaaaa', 'bbbbbb', 'cccccc']);
    expect(kafka.clients).toBe(1);
  });

  test('a frame too large for the topic waits until its limit is raised', async () => {
    const kafka = fakeKafka();
    kafka.maxBatchBytes = 3;
    open(kafka);
    const published = publish('aaaaaa');
    await pass(5);
    expect(publisher.health()).toMatchObject({
      ok: false,
      reason: expect.stringContaining('too large') as unknown,
    });
    kafka.maxBatchBytes = 10;
    await pass(20);
    await published;
    expect(publisher.health()).toEqual({ ok: true });
  });
});

describe('while the cluster is away', () => {
  test('health says why, how much waits, and since when', async () => {
    const kafka = fakeKafka();
    kafka.isAway = true;
    open(kafka);
    const published = publish('patience');
    await pass(30);
    expect(publisher.health().reason).toMatch(
      /^Kafka at 127\.0\.0\.1:9092 does not answer: connect ECONNREFUSED \(1 frames of 8 bytes wait for (29|30) s\)$/,
    );
    kafka.isAway = false;
    await pass(10);
    await published;
    expect(publisher.health()).toEqual({ ok: true });
  });

  test('it is asked again without end, at most every few seconds', async () => {
    const kafka = fakeKafka();
    kafka.isAway = true;
    open(kafka);
    await pass(60);
    expect(kafka.clients).toBeGreaterThan(10);
    expect(kafka.clients).toBeLessThan(100);
    const text = await metrics.render();
    expect(text).toMatch(/plimsoll_transport_kafka_failures_total\{reason="unreachable"\} \d+/);
  });

  test('an aborted publish rejects at once and is not sent later', async () => {
    const kafka = fakeKafka();
    kafka.isAway = true;
    open(kafka);
    const abort = new AbortController();
    const given = publish('given up', abort.signal);
    const kept = publish('kept');
    abort.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    kafka.isAway = false;
    await pass(10);
    await kept;
    expect(logs(kafka)).toEqual(['kept']);
  });

  test('stopping rejects what waits', async () => {
    const kafka = fakeKafka();
    kafka.isAway = true;
    open(kafka);
    const given = publish('x');
    given.catch(() => undefined);
    await publisher.stop();
    await expect(given).rejects.toMatchObject({ code: 'stopped' });
    await expect(publish('y')).rejects.toMatchObject({ code: 'stopped' });
  });
});
