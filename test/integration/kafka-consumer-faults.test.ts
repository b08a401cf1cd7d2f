/** Consumers of real brokers that are killed, frozen and come back: each frame under one token. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaMissing } from '@plimsoll/infra/kafka';
import { startKafkaCluster, type KafkaCluster } from '@plimsoll/infra/kafka-cluster';
import { configSchema, Metrics, silentLogger } from '@plimsoll/runtime';
import { KafkaPublisher, KafkaSubscriber } from '@plimsoll/transport';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import type { MemberArguments } from '../harness/kafka-member.ts';
import { freePort } from '../harness/plimsoll-process.ts';
import { isSkipped } from '../harness/requirement.ts';

const missing = kafkaMissing();
const title = missing === null ? '' : ` (skipped: ${missing})`;

describe.skipIf(isSkipped(missing))(`consumers of three brokers${title}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-kafka-'));
  const members: ChildProcess[] = [];
  let cluster: KafkaCluster;
  let publisher: KafkaPublisher;
  let subscriber: KafkaSubscriber | null = null;
  let run = 0;
  let sent = 0;

  beforeAll(async () => {
    const nodes = [];
    for (let i = 0; i < 3; i++) {
      nodes.push({ port: await freePort(), controllerPort: await freePort() });
    }
    cluster = await startKafkaCluster({ folder, nodes });
  });
  beforeEach(() => {
    run += 1;
    sent = 0;
    const options = { logger: silentLogger(), metrics: new Metrics() };
    publisher = new KafkaPublisher({ ...options, config: kafkaConfig() });
    publisher.start();
  });
  afterEach(async () => {
    for (const member of members.splice(0)) member.kill('SIGKILL');
    await subscriber?.stop();
    subscriber = null;
    await publisher.stop();
    for (const broker of cluster.brokers) broker.resume();
  });
  afterAll(async () => {
    await cluster.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const kafka = () => ({
    brokers: [...cluster.addresses],
    topic_prefix: `t${run}`,
    group: `g${run}`,
    topics: { partitions: 4 },
    session_timeout: '6s',
  });
  const kafkaConfig = () => configSchema.parse({ transport: { kafka: kafka() } }).transport.kafka;
  const file = (): string => join(folder, `stored-${run}`);

  /** Frames of several keys, so of several partitions. */
  const publish = async (count: number): Promise<void> => {
    const frames = Array.from({ length: count }, () => (sent += 1));
    await Promise.all(
      frames.map(async (number) => {
        const key = `host-${number % 16}`;
        await publisher.publish({ key, kind: 'logs', bytes: Buffer.from(`frame ${number}`) });
      }),
    );
  };
  /** Publishes until the signal aborts, so that there is always something under way. */
  const keepPublishing = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await publish(20);
      await sleep(50);
    }
  };
  /** Tokens by frame, as an engine would have kept them: a token that comes twice counts once. */
  const stored = (): Map<string, Set<string>> => {
    const tokens = new Map<string, Set<string>>();
    const lines = existsSync(file()) ? readFileSync(file(), 'utf8').trimEnd().split('\n') : [];
    for (const line of lines) {
      const [token = '', frame = ''] = line.split('\t');
      const of = tokens.get(frame) ?? new Set();
      tokens.set(frame, of.add(token));
    }
    return tokens;
  };
  const expectEachOnce = async (): Promise<void> => {
    const known = await eventually('all frames', 60_000, () => {
      const tokens = stored();
      return Promise.resolve(tokens.size >= sent && tokens);
    }).catch((error: unknown) => {
      throw new Error(`stored ${stored().size} of ${sent}: ${subscriber?.health().reason}`, {
        cause: error,
      });
    });
    expect(known.size).toBe(sent);
    const twice = [...known].filter(([, tokens]) => tokens.size > 1);
    // A publisher that got no answer sends again: then a frame is in the topic twice.
    expect(twice.filter(([, tokens]) => isOverlap([...tokens]))).toEqual([]);
  };
  const startMember = (storeMs = 20): ChildProcess => {
    const given: MemberArguments = { kafka: kafka(), file: file(), storeMs };
    const script = join(import.meta.dirname, '../harness/kafka-member.ts');
    const member = spawn(process.execPath, [script, JSON.stringify(given)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    members.push(member);
    return member;
  };
  const says = (member: ChildProcess, words: string): Promise<void> =>
    new Promise((resolve) => {
      member.stdout?.on('data', (data) => {
        if (String(data).includes(words)) resolve();
      });
    });

  test('lose and double nothing when brokers are killed, frozen and come back', async () => {
    startMember();
    const stop = new AbortController();
    const publishing = keepPublishing(stop.signal);
    const [killed, frozen] = cluster.brokers;
    await sleep(2000);
    await killed?.kill();
    await sleep(2000);
    await killed?.start();
    frozen?.pause();
    // Longer than brokers believe in one another: what it led is led by others meanwhile.
    await sleep(5000);
    frozen?.resume();
    await sleep(1000);
    stop.abort();
    await publishing;
    await expectEachOnce();
  });

  test('lose and double nothing when members are killed and join', async () => {
    const first = startMember(100);
    const stop = new AbortController();
    const publishing = keepPublishing(stop.signal);
    await says(first, 'stored');
    const second = startMember(100);
    await says(second, 'stored');
    first.kill('SIGKILL');
    await sleep(500);
    const third = startMember(100);
    await says(third, 'stored');
    second.kill('SIGTERM');
    await sleep(1000);
    stop.abort();
    await publishing;
    await expectEachOnce();
  });

  test('a member that was frozen beyond its session adds nothing', async () => {
    await publish(100);
    const zombie = startMember(500);
    await says(zombie, 'handling');
    zombie.kill('SIGSTOP');
    const heir = startMember();
    await says(heir, 'stored');
    await expectEachOnce();
    await publish(100);
    await expectEachOnce();
    zombie.kill('SIGCONT');
    await says(zombie, 'stored');
    await publish(100);
    await expectEachOnce();
  });

  test('says in health that no broker answers, and stops all the same', async () => {
    const it = new KafkaSubscriber({
      config: kafkaConfig(),
      limits: {
        batchMaxBytes: 100_000,
        batchMaxRows: 100_000,
        flushIntervalMs: 50,
        maxInFlightBytes: 64 * 1024 * 1024,
      },
      logger: silentLogger(),
      metrics: new Metrics(),
    });
    subscriber = it;
    const running = it.run(() => Promise.resolve(), new AbortController().signal);
    await eventually('it to be well', 20_000, () => Promise.resolve(it.health().ok));
    for (const broker of cluster.brokers) broker.pause();
    const reason = await eventually('a reason', 30_000, () =>
      Promise.resolve(!it.health().ok && it.health().reason),
    );
    expect(reason).toMatch(/silent|no answer/);
    const from = performance.now();
    await it.stop();
    await running;
    expect(performance.now() - from).toBeLessThan(15_000);
    for (const broker of cluster.brokers) broker.resume();
  });
});

/** Whether two tokens of one partition have offsets in common: a frame was taken up twice. */
function isOverlap(tokens: readonly string[]): boolean {
  const bounds = tokens.map((token) => {
    const at = token.lastIndexOf(':');
    const [first = 0, last = 0] = token
      .slice(at + 1)
      .split('-')
      .map(Number);
    return { partition: token.slice(0, at), first, last };
  });
  return bounds.some((a, i) =>
    bounds.some(
      (b, j) => i < j && a.partition === b.partition && a.first <= b.last && b.first <= a.last,
    ),
  );
}
