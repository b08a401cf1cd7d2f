/**
 * Reads a topic, or a part of a partition, without a group: what is to be stored again after a
 * crash, and dead letters. Nothing is committed.
 */
import { Backoff, type Clock } from '@plimsoll/runtime';
import type { ConsumerClient, FetchedPartition, TopicPartition } from './consumer-client.ts';
import { KafkaFailure } from './kafka-client.ts';
import type { FetchedRecord } from './record-batches.ts';

export interface ReadOptions {
  client: ConsumerClient;
  clock: Clock;
  signal: AbortSignal;
}

export interface ReadRecord extends FetchedRecord {
  partition: number;
}

/** Of one answer; a batch comes whole all the same. */
const maxFetchBytes = 4 * 1024 * 1024;
const maxWaitMs = 500;

/**
 * Records of each partition, one after another, from the offset given (by partition; else, or where
 * retention took it, from its beginning) to what was its end when it was begun. Rejects when the
 * cluster is away; one answer is in memory at a time.
 */
export async function* readTopic(
  topic: string,
  from: ReadonlyMap<number, number>,
  options: ReadOptions,
): AsyncGenerator<ReadRecord, void, void> {
  const { client, signal } = options;
  const partitions = await client.leaders([topic]);
  for (const { partition, leader } of partitions.toSorted((a, b) => a.partition - b.partition)) {
    const at = { topic, partition };
    if (leader === null) throw new KafkaFailure('moved', `${topic}/${partition}: no leader`);
    const end = await client.logOffset(at, 'end', leader);
    const start = await client.logOffset(at, 'start', leader);
    let next = Math.max(start, from.get(partition) ?? 0);
    while (next < end) {
      signal.throwIfAborted();
      const answer = await fetchOnce({ client, leader, at, offset: next });
      if (!answer.ok) throw answer.error;
      for (const record of answer.records) if (record.offset < end) yield { ...record, partition };
      if (answer.next === next && answer.records.length === 0) break;
      next = answer.next;
    }
  }
}

/**
 * Every record that a partition still has of `[first, last]`, and the first offset of its log. Asks
 * again, without end, while the cluster is away or a leader is being found; rejects when the signal
 * aborts, and with `out_of_range` when the log does not reach so far.
 */
export async function readRange(
  range: TopicPartition & { first: number; last: number },
  options: ReadOptions & { onFailure: (error: unknown) => void },
): Promise<{ records: FetchedRecord[]; logStart: number }> {
  const { client, clock, signal } = options;
  const backoff = new Backoff({ initialMs: 100, maxMs: 2000 });
  const records: FetchedRecord[] = [];
  let next = range.first;
  for (;;) {
    try {
      const leader = await leaderOf(client, range);
      for (;;) {
        signal.throwIfAborted();
        const answer = await fetchOnce({ client, leader, at: range, offset: next });
        if (!answer.ok) throw answer.error;
        backoff.reset();
        next = answer.next;
        for (const record of answer.records) if (record.offset <= range.last) records.push(record);
        if (next > range.last) return { records, logStart: answer.logStart };
      }
    } catch (error) {
      if (error instanceof KafkaFailure && error.kind === 'out_of_range') throw error;
      signal.throwIfAborted();
      options.onFailure(error);
      await clock.sleep(100 + backoff.next(), signal);
    }
  }
}

async function leaderOf(client: ConsumerClient, at: TopicPartition): Promise<number> {
  const leaders = await client.leaders([at.topic]);
  const leader = leaders.find(({ partition }) => partition === at.partition)?.leader ?? null;
  if (leader !== null) return leader;
  throw new KafkaFailure('moved', `${at.topic}/${at.partition}: expected a leader, got none`);
}

async function fetchOnce(wanted: {
  client: ConsumerClient;
  leader: number;
  at: TopicPartition;
  offset: number;
}): Promise<FetchedPartition> {
  const { client, leader, at, offset } = wanted;
  const { topic, partition } = at;
  const [answer] = await client.fetch(leader, {
    partitions: [{ topic, partition, offset, maxBytes: maxFetchBytes }],
    maxWaitMs,
    maxBytes: maxFetchBytes,
  });
  if (answer !== undefined) return answer;
  throw new KafkaFailure('refused', `fetch of ${topic}/${partition}: got no answer for it`);
}
