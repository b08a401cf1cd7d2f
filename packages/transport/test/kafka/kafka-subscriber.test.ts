import { setTimeout as wait } from 'node:timers/promises';
import { configSchema, Metrics, silentLogger } from '@plimsoll/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  KafkaPublisher,
  KafkaSubscriber,
  type Batch,
  type BatchHandler,
  type SubscriberLimits,
} from '../../src/index.ts';
import { decodeMetadata } from '../../src/kafka/intent.ts';
import { KafkaFailure } from '../../src/kafka/kafka-client.ts';
import { describeTransport } from '../conformance.ts';
import { FakeCluster, type Asked } from './fake-cluster.ts';

let cluster: FakeCluster;
beforeEach(() => {
  cluster = new FakeCluster();
});

const limits: SubscriberLimits = {
  batchMaxBytes: 1_000_000,
  batchMaxRows: 100_000,
  flushIntervalMs: 10,
  maxInFlightBytes: 64 * 1024 * 1024,
};
const kafkaConfig = (partitions: number) =>
  configSchema.parse({
    transport: { kafka: { topic_prefix: 'p', topics: { partitions }, session_timeout: '6s' } },
  }).transport.kafka;

describeTransport({
  name: 'kafka in memory',
  open: () => {
    const { openClient, openConsumer } = cluster;
    const options = { config: kafkaConfig(3), logger: silentLogger(), openClient, openConsumer };
    const publisher = new KafkaPublisher({ ...options, metrics: new Metrics() });
    publisher.start();
    const subscriber = new KafkaSubscriber({ ...options, metrics: new Metrics(), limits });
    const close = async (): Promise<void> => {
      await subscriber.stop();
      await publisher.stop();
    };
    return Promise.resolve({ publisher, subscriber, close });
  },
  clear: () => Promise.resolve(),
});

/** A member, and the batches that its handler was given. */
interface Running {
  subscriber: KafkaSubscriber;
  metrics: Metrics;
  batches: Batch[];
  texts: () => string[];
  stop: () => Promise<void>;
}

const all: Running[] = [];
afterEach(async () => {
  cluster.before = () => undefined;
  cluster.after = () => undefined;
  await Promise.all(all.splice(0).map(({ stop }) => stop()));
});

const start = (handler: BatchHandler = () => Promise.resolve(), changes = {}): Running => {
  const metrics = new Metrics();
  const subscriber = new KafkaSubscriber({
    config: kafkaConfig(2),
    limits: { ...limits, ...changes },
    logger: silentLogger(),
    metrics,
    openClient: cluster.openClient,
    openConsumer: cluster.openConsumer,
  });
  const batches: Batch[] = [];
  const run = subscriber.run(async (batch, lease) => {
    await handler(batch, lease);
    batches.push(batch);
  }, new AbortController().signal);
  const running: Running = {
    subscriber,
    metrics,
    batches,
    texts: () => batches.flatMap(({ frames }) => frames.map(String)),
    stop: async () => {
      await subscriber.stop();
      await run;
    },
  };
  all.push(running);
  return running;
};
const until = async (what: string, check: () => boolean | undefined): Promise<void> => {
  const deadline = performance.now() + 8000;
  while (check() !== true) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await wait(5);
  }
};
const at = { topic: 'p.logs', partition: 0 };
const makeTopics = (): void => {
  cluster.makeTopic('p.logs', 2);
  cluster.makeTopic('p.rows', 2);
};
const refuseOnce = (asked: Asked, when: 'before' | 'after'): void => {
  cluster[when] = (each) => {
    if (each !== asked) return;
    cluster[when] = () => undefined;
    throw new KafkaFailure('unreachable', 'no answer');
  };
};

describe('a member', () => {
  beforeEach(makeTopics);

  test('records the bounds before the handler, and the end after it', async () => {
    const seen: unknown[] = [];
    cluster.append('p.logs', 0, 'a', 'b');
    const member = start(() => {
      seen.push(decodeMetadata(cluster.group.committed(at).metadata));
      return Promise.resolve();
    });
    await until('the batch', () => member.batches.length === 1);
    await until('its end', () => cluster.group.committed(at).offset === 2);
    expect(seen).toMatchObject([{ ok: true, intent: { first: 0, last: 1 } }]);
    const { incarnation } = decodeMetadata(cluster.group.committed(at).metadata) as {
      incarnation: string;
    };
    expect(member.batches[0]?.partition).toBe(`p.logs/0@${incarnation}`);
  });

  test('delivers over holes, and goes on behind them', async () => {
    cluster.append('p.logs', 0, null, 'a', null, 'b', null);
    const member = start();
    await until('both', () => member.texts().length === 2);
    expect(member.batches.flatMap(({ offsets }) => offsets)).toEqual([1, 3]);
    await until('its end', () => cluster.group.committed(at).offset === 4);
    cluster.append('p.logs', 0, 'c');
    await until('the next', () => member.texts().includes('c'));
  });

  test('closes a batch by bytes, by rows, and by time', async () => {
    const frame = 'x'.repeat(400);
    cluster.append('p.logs', 0, frame, frame, frame);
    const byBytes = start(undefined, { batchMaxBytes: 1000 });
    await until('all', () => byBytes.texts().length === 3);
    expect(byBytes.batches[0]?.frames.length).toBe(2);
    await byBytes.stop();
    cluster.append('p.logs', 0, 'a', 'b', 'c');
    const byRows = start(undefined, { batchMaxRows: 1, flushIntervalMs: 60_000 });
    await until('all', () => byRows.batches.length === 3);
    expect(byRows.batches.every(({ frames }) => frames.length === 1)).toBe(true);
  });

  test('tells the lease when the broker last confirmed it', async () => {
    cluster.append('p.logs', 0, 'a');
    const times: (number | null)[] = [];
    const member = start(async (_batch, lease) => {
      times.push(lease.notAfterMs());
      await wait(30);
      await lease.renew();
      times.push(lease.notAfterMs());
    });
    await until('the batch', () => member.batches.length === 1);
    const [before = 0, later = 0] = times.map((time) => Number(time) - performance.now());
    expect(before).toBeLessThanOrEqual(60_000);
    expect(later).toBeGreaterThan(before);
  });
});

describe('what is lost on the way', () => {
  beforeEach(makeTopics);

  test('an answer to the record of an intent: the same bounds, once, at another generation', async () => {
    cluster.append('p.logs', 0, 'a', 'b');
    // Of three commits the first tells where the partition begins.
    let commits = 0;
    cluster.after = (asked) => {
      if (asked !== 'commit') return;
      commits += 1;
      if (commits === 3) throw new KafkaFailure('unreachable', 'no answer');
    };
    const member = start();
    await until('the end', () => cluster.group.committed(at).offset === 2);
    await until('the batch', () => member.batches.length >= 1);
    expect(cluster.group.generation).toBeGreaterThan(1);
    const bounds = member.batches.map(({ partition, first, last }) => [partition, first, last]);
    expect(new Set(bounds.map(String)).size).toBe(1);
  });

  test.each(['join', 'sync', 'heartbeat', 'offsets', 'leaders', 'fetch', 'commit'] as const)(
    'a %s: it goes on',
    async (asked) => {
      for (const when of ['before', 'after'] as const) {
        refuseOnce(asked, when);
        cluster.append('p.logs', 0, `${asked} ${when}`);
        const member = start();
        await until('the frame', () => member.texts().includes(`${asked} ${when}`));
        await member.stop();
        expect(new Set(member.texts()).size).toBe(1);
      }
    },
  );

  test('the handler: the same batch again, as a replay', async () => {
    cluster.append('p.logs', 0, 'a');
    const replays: boolean[] = [];
    const member = start((batch) => {
      replays.push(batch.isReplay);
      return replays.length < 3 ? Promise.reject(new Error('not now')) : Promise.resolve();
    });
    await until('the batch', () => member.batches.length === 1);
    expect(replays).toEqual([false, true, true]);
  });

  test('frames, to retention: counted, told, and behind them it goes on', async () => {
    cluster.append('p.logs', 0, 'a', 'b');
    const first = start();
    await until('both', () => cluster.group.committed(at).offset === 2);
    await first.stop();
    cluster.append('p.logs', 0, 'c', 'd', 'e');
    cluster.log(at).start = 4;
    const member = start();
    await until('what is left', () => member.texts().includes('e'));
    expect(member.texts()).toEqual(['e']);
    expect(await member.metrics.render()).toContain(
      'plimsoll_transport_kafka_lost_frames_total{reason="retention"} 2',
    );
    expect(member.subscriber.health()).toEqual({
      ok: true,
      reason: 'retention took frames 2 to 3 of p.logs/0 before they were stored',
    });
  });

  test('frames, to retention while they are consumed', async () => {
    const member = start();
    await until('an assignment', () => member.subscriber.health().ok);
    await wait(50);
    const hold = Promise.withResolvers<void>();
    cluster.before = (asked) => (asked === 'fetch' ? hold.promise : undefined);
    await wait(50);
    cluster.append('p.logs', 0, 'a', 'b', 'c');
    cluster.log(at).start = 2;
    hold.resolve();
    await until('what is left', () => member.texts().includes('c'));
    expect(member.texts()).toEqual(['c']);
  });

  test('the end of the log: another incarnation from its beginning', async () => {
    cluster.append('p.logs', 0, 'a', 'b');
    const member = start();
    await until('both', () => cluster.group.committed(at).offset === 2);
    cluster.logs.set('p.logs/0', { start: 0, values: [] });
    cluster.append('p.logs', 0, 'z');
    await until('the new one', () => member.texts().includes('z'));
    expect(new Set(member.batches.map(({ partition }) => partition)).size).toBe(2);
  });
});

describe('two members', () => {
  beforeEach(makeTopics);

  test('share the partitions; one that stops leaves them to the other at once', async () => {
    const one = start();
    await until('all', () => cluster.group.members.size === 1 && one.subscriber.health().ok);
    const other = start();
    await until('two', () => cluster.group.members.size === 2 && cluster.group.state === 'stable');
    await until('both', () => other.subscriber.health().ok && one.subscriber.health().ok);
    for (const topic of ['p.logs', 'p.rows']) {
      for (const partition of [0, 1]) cluster.append(topic, partition, `${topic} ${partition}`);
    }
    await until('all frames', () => one.batches.length + other.batches.length === 4);
    expect([one.batches.length, other.batches.length]).toEqual([2, 2]);
    await one.stop();
    cluster.append('p.logs', 0, 'x');
    cluster.append('p.logs', 1, 'y');
    await until('the rest', () => other.texts().length === 4);
  });

  test('a batch under way goes on over a rebalance, when its partition stays', async () => {
    const release = Promise.withResolvers<void>();
    cluster.append('p.logs', 0, 'slow');
    const aborted: boolean[] = [];
    let isBegun = false;
    const one = start(async (_batch, lease) => {
      isBegun = true;
      await release.promise;
      aborted.push(lease.signal.aborted);
    });
    await until('the handler', () => isBegun);
    const other = start();
    await until('two', () => cluster.group.members.size === 2 && cluster.group.state === 'stable');
    release.resolve();
    await until('its end', () => cluster.group.committed(at).offset === 1);
    expect(aborted).toEqual([false]);
    expect([...one.texts(), ...other.texts()]).toEqual(['slow']);
  });

  test('a zombie is told, commits nothing, and what it had is replayed by the other', async () => {
    const release = Promise.withResolvers<void>();
    cluster.append('p.logs', 0, 'a');
    let isBegun = false;
    const one = start(async (_batch, lease) => {
      isBegun = true;
      await release.promise;
      if (lease.signal.aborted) throw new Error('lost');
    });
    const paused = Promise.withResolvers<void>();
    await until('the handler', () => isBegun);
    const [id = ''] = cluster.group.members.keys();
    cluster.before = (asked, by) =>
      asked === 'heartbeat' && by === id ? paused.promise : undefined;
    cluster.group.remove(id);
    const other = start();
    await until('the replay', () => other.batches.length === 1);
    expect(other.batches[0]).toMatchObject({ isReplay: true, first: 0, last: 0 });
    await until('its end', () => cluster.group.committed(at).offset === 1);
    paused.resolve();
    await until('the zombie to come back', () => cluster.group.members.size === 2);
    release.resolve();
    await wait(100);
    expect(one.batches).toEqual([]);
    expect(cluster.group.committed(at).offset).toBe(1);
  });

  test('never have two handlers of one partition in one process', async () => {
    let [underWay, most] = [0, 0];
    const release = Promise.withResolvers<void>();
    cluster.append('p.logs', 0, 'a');
    const member = start(async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await release.promise;
      underWay -= 1;
    });
    await until('the handler', () => underWay === 1);
    const [id = ''] = cluster.group.members.keys();
    cluster.group.remove(id);
    await until('it to join again', () => cluster.group.members.size === 1);
    await wait(100);
    expect(most).toBe(1);
    release.resolve();
    await until('its end', () => cluster.group.committed(at).offset === 1);
    expect(most).toBe(1);
    expect(new Set(member.batches.map(({ partition }) => partition)).size).toBe(1);
    expect(member.batches.at(-1)?.isReplay).toBe(true);
  });
});

describe('bounds', () => {
  beforeEach(makeTopics);

  test('no more is fetched than may be in memory, while the handler waits', async () => {
    const release = Promise.withResolvers<void>();
    const frame = Buffer.alloc(1_000_000, 1);
    for (let i = 0; i < 200; i++) cluster.append('p.logs', i % 2, frame);
    const member = start(() => release.promise, { batchMaxBytes: 8_000_000 });
    const buffered = async (): Promise<number> => {
      const text = await member.metrics.render();
      return Number(/^plimsoll_transport_kafka_buffered_bytes (\d+)/m.exec(text)?.[1]);
    };
    await wait(300);
    expect(await buffered()).toBeGreaterThan(8_000_000);
    expect(await buffered()).toBeLessThanOrEqual(64 * 1024 * 1024);
    release.resolve();
    await until('all', () => member.texts().length === 200);
    await until('none in memory', () => member.batches.length > 0);
  });

  test('a batch larger than all memory is replayed all the same, alone', async () => {
    const frame = Buffer.alloc(1_000_000, 1);
    for (let i = 0; i < 70; i++) cluster.append('p.logs', 0, frame);
    const intent = { v: 1, incarnation: 'a', intent: [0, 69], bytes: 70_000_000 };
    cluster.group.setOffset({ ...at, offset: 0, metadata: JSON.stringify(intent) });
    const member = start();
    await until('the replay', () => member.batches[0]?.frames.length === 70);
    expect(member.batches[0]).toMatchObject({ isReplay: true, partition: 'p.logs/0@a' });
  });
});

describe('health', () => {
  test('says that topics are missing where it may not make them', async () => {
    const subscriber = new KafkaSubscriber({
      config: { ...kafkaConfig(2), topics: { ...kafkaConfig(2).topics, create: false } },
      limits,
      logger: silentLogger(),
      metrics: new Metrics(),
      openClient: cluster.openClient,
      openConsumer: cluster.openConsumer,
    });
    const running = subscriber.run(() => Promise.resolve(), new AbortController().signal);
    await until('a reason', () => subscriber.health().reason?.includes('p.logs, p.rows'));
    expect(subscriber.health().ok).toBe(false);
    await subscriber.stop();
    await running;
  });

  test('says why this is no member of the group', async () => {
    makeTopics();
    cluster.before = (asked) => {
      if (asked === 'join') throw new KafkaFailure('denied', 'join: GROUP_AUTHORIZATION_FAILED');
    };
    const { subscriber } = start();
    await until('a reason', () => subscriber.health().reason?.includes('GROUP_AUTHORIZATION'));
    expect(subscriber.health().ok).toBe(false);
    cluster.before = () => undefined;
    await until('it to pass', () => subscriber.health().ok);
  });

  test('is well with more members than partitions', async () => {
    cluster.makeTopic('p.logs', 1);
    cluster.makeTopic('p.rows', 1);
    const three = [start(), start(), start()];
    const reasons = (): string[] =>
      three.flatMap(({ subscriber }) => subscriber.health().reason ?? []);
    await until('one without', () => cluster.group.members.size === 3 && reasons().length === 1);
    expect(reasons()).toEqual(['the group plimsoll-ingest has more members than partitions']);
    expect(three.every(({ subscriber }) => subscriber.health().ok)).toBe(true);
  });
});
