import { expect, test } from 'vitest';
import { KafkaDeadLetters, type DeadLetterTopic, type TopicRecord } from '../../src/index.ts';
import { decodeLetterRecord, encodeLetter } from '../../src/dead-letters/letter-record.ts';
import { describeStore, letter } from './store-conformance.ts';

/** A topic of two partitions in memory. */
class FakeTopic {
  readonly logs: TopicRecord[][] = [[], []];
  read = 0;
  closed = 0;
  failure: Error | null = null;
  partitionOf = (key: string): number => key.length % 2;

  open(): DeadLetterTopic {
    return {
      name: 'plimsoll.dead-letters',
      append: async ({ key, value }) => {
        if (this.failure) throw this.failure;
        const partition = this.partitionOf(key);
        const log = this.logs[partition] ?? [];
        log.push({ partition, offset: log.length, key, value });
      },
      read: (from) => this.#read(from),
      close: async () => {
        this.closed += 1;
      },
    };
  }

  async *#read(from: ReadonlyMap<number, number>): AsyncGenerator<TopicRecord> {
    if (this.failure) throw this.failure;
    for (const [partition, log] of this.logs.entries()) {
      for (const record of log.slice(from.get(partition) ?? 0)) {
        this.read += 1;
        yield record;
      }
    }
  }
}

const store = (topic: FakeTopic): KafkaDeadLetters =>
  new KafkaDeadLetters({ openTopic: async () => topic.open(), place: 'topic at kafka:9092' });

describeStore(async () => {
  const topic = new FakeTopic();
  return { reopen: () => store(topic) };
});

test('counting again reads only what is new', async () => {
  const topic = new FakeTopic();
  const letters = store(topic);
  for (let offset = 0; offset < 5; offset++) await letters.write(letter(offset));
  expect(await letters.count()).toBe(5);
  expect(topic.read).toBe(5);
  await letters.write(letter(9));
  const counts = await Promise.all([letters.count(), letters.count()]);
  expect(counts).toEqual([6, 6]);
  expect(topic.read).toBe(6);
});

test('a replay that stands in another partition than its letter counts too', async () => {
  const topic = new FakeTopic();
  await store(topic).write(letter(1));
  topic.partitionOf = (key) => 1 - (key.length % 2);
  await store(topic).markReplayed('plimsoll.logs_3_a1-1');
  expect(await store(topic).count()).toBe(0);
});

test('a cluster that is away is said, and a new connection made for the next call', async () => {
  const topic = new FakeTopic();
  const letters = store(topic);
  topic.failure = new Error('no broker');
  await expect(letters.write(letter(1))).rejects.toThrow('topic at kafka:9092: no broker');
  await expect(letters.count()).rejects.toThrow('no broker');
  expect(topic.closed).toBe(2);
  topic.failure = null;
  await letters.write(letter(1));
  expect(await letters.count()).toBe(1);
});

test('records of others in the topic are left alone', async () => {
  const topic = new FakeTopic();
  const own = encodeLetter(letter(1));
  const values = [Buffer.alloc(0), Buffer.from('text'), own.subarray(0, 20)];
  const newer = Buffer.from(own);
  newer.writeUInt8(9, 4);
  for (const [offset, value] of [...values, newer].entries()) {
    topic.logs[0]?.push({ partition: 0, offset, key: 'x', value });
  }
  expect(await store(topic).list()).toEqual([]);
  expect(decodeLetterRecord(own)).toEqual({ kind: 'letter', letter: letter(1) });
});
