/**
 * Failures that other collectors and sinks have had, by name, so that each can be found here: what
 * is told in brackets is the project and its issue. What only a long run shows is in chaos.test.ts.
 */
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ManualClock, Metrics, configSchema, silentLogger } from '@plimsoll/runtime';
import { StorageError, type Engine } from '@plimsoll/storage';
import { DirectTransport, KafkaPublisher, type KafkaPublisherOptions } from '@plimsoll/transport';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TmpfsDisk, tmpfsMissing } from '../chaos/plimsoll/tmpfs-disk.ts';
import { startCollectorChild } from '../harness/collector-child-process.ts';
import { dockerMissing, startDocker } from '../harness/docker-daemon.ts';
import { eventually } from '../harness/eventually.ts';
import { LocalPipeline } from '../harness/local-pipeline.ts';
import { isSkipped } from '../harness/requirement.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-peers-'));
const patienceMs = 60_000;

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('files', () => {
  const logs = join(folder, 'logs');
  const pods = join(folder, 'pods');
  const links = join(folder, 'containers');
  let pipeline: LocalPipeline;
  /** As it looks to the engine while it is given something to insert. */
  let trouble: (insert: () => Promise<unknown>) => Promise<unknown> = (insert) => insert();

  beforeAll(async () => {
    for (const each of [logs, pods, links]) mkdirSync(each, { recursive: true });
    pipeline = await LocalPipeline.open({
      folder: join(folder, 'pipeline'),
      collector: {
        logs: { files: [join(logs, '*.log')], poll_interval: '50ms', flush_interval: '50ms' },
        kubernetes: { enabled: 'always', pod_logs: pods, container_logs: links, api: 'never' },
      },
      wrapEngine: (engine) => troubled(engine, (insert) => trouble(insert)),
    });
    await pipeline.start();
  });
  afterAll(async () => {
    await pipeline[Symbol.asyncDispose]();
  });

  const path = (name: string): string => join(logs, name);
  const stored = async (like: string, count: number): Promise<string[]> =>
    eventually(`${count} lines of ${like}`, patienceMs, async () => {
      const lines = await pipeline.lines(like);
      return lines.length >= count && lines;
    });

  test('a record split at a rotation (vector 24981): every part once, and none runs into another', async () => {
    const { file } = makePod({ pods, links }, 'split', 1);
    appendFileSync(file, cri('F before', 'P first half, '));
    await stored('%split%', 1);
    renameSync(file, `${file}.20260101-000000`);
    writeFileSync(file, cri('F second half', 'F after'));
    const lines = await stored('%split%', 4);
    expect(lines.toSorted()).toEqual(['after', 'before', 'first half, ', 'second half']);
    expect(pipeline.dropped).toEqual({});
  });

  test('an inode used again (fluent-bit 4895, 8025): the new file is read from its beginning', async () => {
    const file = path('inode.log');
    writeFileSync(file, numbered(1, 50));
    await stored('%inode.log', 50);
    await pipeline.stop();
    const { ino } = statSync(file);
    for (let tries = 0; tries < 200; tries++) {
      rmSync(file);
      writeFileSync(file, '');
      if (statSync(file).ino === ino) break;
    }
    appendFileSync(file, numbered(51, 70));
    await pipeline.start();
    expect((await stored('%inode.log', 70)).map(numberIn).toSorted(byNumber)).toEqual(upTo(70));
  });

  test('a restart during a partial line (fluent-bit): the line is one row, whole', async () => {
    const file = path('partial.log');
    writeFileSync(file, 'line 1\nline 2 has a begin');
    await stored('%partial.log', 1);
    await pipeline.stop();
    appendFileSync(file, 'ning and');
    await pipeline.start();
    await sleep(300);
    appendFileSync(file, ' an end\nline 3\n');
    await stored('%partial.log', 3);
    const lines = await pipeline.lines('%partial.log');
    expect(lines.toSorted()).toEqual(['line 1', 'line 2 has a beginning and an end', 'line 3']);
  });

  test('copytruncate under a writer with a stale offset (fluent-bit): each line once, behind its hole', async () => {
    const file = path('stale.log');
    const writer = openSync(file, 'w');
    writeSync(writer, numbered(1, 500));
    await stored('%stale.log', 500);
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
    // It goes on where it was: what is before that is a hole of NUL bytes.
    writeSync(writer, numbered(501, 600));
    closeSync(writer);
    const lines = await stored('%stale.log', 600);
    expect(lines.map(numberIn).toSorted(byNumber)).toEqual(upTo(600));
  });

  test('2,000 containers that come and go (cadvisor 2533): each line once, nothing is held', async () => {
    const waves = 10;
    const perWave = 200;
    for (let wave = 0; wave < waves; wave++) {
      const made = Array.from({ length: perWave }, (_, at) =>
        makePod({ pods, links }, 'churn', wave * perWave + at),
      );
      for (const [at, { file }] of made.entries()) {
        appendFileSync(file, cri(`F line ${wave * perWave + at + 1}`));
      }
      await stored('%churn%', (wave + 1) * perWave);
      for (const { remove } of made) remove();
    }
    const lines = await pipeline.lines('%churn%');
    expect(lines.map(numberIn).toSorted(byNumber)).toEqual(upTo(waves * perWave));
    // Files of containers that are gone are kept for half a minute, in case their writer is not.
    const held = await eventually('descriptors to be let go', patienceMs, async () => {
      const count = readdirSync('/proc/self/fd').length;
      return count < 250 && count;
    });
    expect(held).toBeLessThan(250);
  }, 240_000);

  test('retriable errors of inserts while more comes in (clickhouse-kafka-connect 801): no row twice', async () => {
    const file = path('retried.log');
    const failures = 5;
    let inserts = 0;
    trouble = async (insert) => {
      inserts += 1;
      const number = inserts;
      // Some are carried out and their answer is lost, some are not carried out.
      const result = number % 2 === 1 ? await insert() : undefined;
      if (number <= failures) throw new StorageError('unreachable', 'the answer was lost');
      return result ?? insert();
    };
    try {
      for (let from = 1; from < 2000; from += 100) {
        appendFileSync(file, numbered(from, from + 99));
        await sleep(30);
      }
      const lines = await stored('%retried.log', 2000);
      expect(lines.map(numberIn).toSorted(byNumber)).toEqual(upTo(2000));
      expect(inserts).toBeGreaterThan(failures);
    } finally {
      trouble = (insert) => insert();
    }
  });

  test('a writer that was paused and wakes too late (clickhouse-kafka-connect 24) adds nothing', async () => {
    const insert = {
      table: 'host_stats',
      columns: ['time', 'tenant', 'host', 'load1'],
      format: 'JSONCompactEachRow' as const,
      data: Buffer.from('["2026-01-15 10:00:00.000","t","zombie",1]\n'),
    };
    // The other, which took the batch over, has stored it; its token may be long forgotten.
    await pipeline.engine.insert({ ...insert, token: 'of who took over' });
    const notAfterMs = performance.now() - 1000;
    const late = pipeline.engine.insert({ ...insert, token: 'of the zombie', notAfterMs });
    await expect(late).rejects.toMatchObject({ code: 'lease_expired' });
    const rows = await pipeline.engine.select("SELECT load1 FROM host_stats WHERE host = 'zombie'");
    expect(rows).toEqual([{ load1: 1 }]);
  });
});

describe('journal', () => {
  const open = async (directory: string): Promise<DirectTransport> => {
    const transport = new DirectTransport({
      directory,
      maxBytes: 64 * 1024 * 1024,
      batchMaxBytes: 64 * 1024,
      flushIntervalMs: 5,
      logger: silentLogger(),
      metrics: new Metrics(),
    });
    await transport.start();
    return transport;
  };
  const frame = (text: string) => ({ key: 'k', kind: 'logs' as const, bytes: Buffer.from(text) });
  const take = async (transport: DirectTransport, count: number): Promise<string[]> => {
    const stop = new AbortController();
    const taken: string[] = [];
    await transport.run(async ({ frames }) => {
      taken.push(...frames.map((bytes) => bytes.toString()));
      if (taken.length >= count) stop.abort();
    }, stop.signal);
    return taken;
  };

  test('a torn last record (vector 18336, loki 12583): it is set aside, and the queue goes on', async () => {
    const directory = join(folder, 'torn', 'journal');
    const first = await open(directory);
    await first.publish(frame('one'));
    await first.publish(frame('two'));
    await first.stop();
    const last = readdirSync(directory)
      .filter((name) => name.endsWith('.batch'))
      .toSorted()
      .at(-1);
    truncateSync(join(directory, last ?? ''), statSync(join(directory, last ?? '')).size - 2);
    const second = await open(directory);
    await second.publish(frame('three'));
    expect(await take(second, 2)).toEqual(['one', 'three']);
    await second.stop();
    expect(readdirSync(join(folder, 'torn', 'dead-letters')).length).toBeGreaterThan(0);
  });

  test.skipIf(isSkipped(tmpfsMissing()))(
    'a full disk: what is published waits, and comes through when there is room',
    async () => {
      const disk = new TmpfsDisk({ name: 'journal', folder: join(folder, 'small'), megabytes: 4 });
      const transport = await open(join(disk.folder, 'journal'));
      try {
        await transport.publish(frame('before'));
        expect(await disk.fill()).toBeLessThan(64 * 1024);
        const text = 'x'.repeat(300_000);
        let isTaken = false;
        const published = transport.publish(frame(text)).then(() => (isTaken = true));
        await eventually('the disk to be told of', 20_000, async () => !transport.health().ok);
        expect(isTaken).toBe(false);
        disk.free();
        await published;
        expect(await take(transport, 2)).toEqual(['before', text]);
      } finally {
        await transport.stop();
        disk.unmount();
      }
    },
  );
});

test('a broker that is away for more than five minutes (vector 14259, 24193): all arrives, in order', async () => {
  const clock = new ManualClock();
  const cluster = fakeCluster();
  cluster.isAway = true;
  const { kafka } = configSchema.parse({}).transport;
  const publisher = new KafkaPublisher({
    config: kafka,
    logger: silentLogger(),
    metrics: new Metrics(),
    clock,
    openClient: cluster.openClient,
  });
  publisher.start();
  const values = Array.from({ length: 50 }, (_, at) => `frame ${at}`);
  const published = values.map((text) =>
    publisher.publish({ key: 'host', kind: 'logs', bytes: Buffer.from(text) }),
  );
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      await clock.advance(1000);
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    }
  };
  await pass(400);
  expect(cluster.connections).toBeGreaterThan(10);
  expect(publisher.health().ok).toBe(false);
  cluster.isAway = false;
  await pass(20);
  await Promise.all(published);
  expect(cluster.stored).toEqual(values);
  await publisher.stop();
});

describe.skipIf(isSkipped(dockerMissing()))('docker', () => {
  test('docker stop and start (alloy 7036): no line of any life is missing or doubled', async () => {
    const docker = await startDocker(join(folder, 'docker'));
    const collector = await startCollectorChild(join(folder, 'collector'), {
      host: 'h',
      docker: { socket: docker.socket },
      stats: { enabled: false },
    });
    try {
      const perLife = 500;
      const lives = 4;
      // Nothing on stderr: Docker may put it behind the last line. And what the next life needs is there before it.
      const script = `n=$(cat /tmp/n 2>/dev/null || echo 0); i=$n; end=$((n+${perLife})); echo $end > /tmp/n; while [ $i -lt $end ]; do i=$((i+1)); echo "line $i."; done; sleep 1000`;
      const id = docker.run(['--name', 'lives', '--network', 'none'], script);
      for (let life = 1; life <= lives; life++) {
        if (life > 1) docker.docker('start', id);
        await eventually(`life ${life}`, patienceMs, async () => {
          const output = docker.docker('logs', '--tail', '1', id);
          return output.includes(`line ${life * perLife}.`);
        });
        // Stopped at once: the last lines are read of a container that runs no more.
        docker.docker('stop', '-t', '0', id);
      }
      const { lines } = await eventually('all lines', patienceMs, async () => {
        const account = await collector.ask();
        return account.lines.seen >= lives * perLife && account;
      });
      expect(lines).toMatchObject({ highest: lives * perLife, doubled: 0, missingTotal: 0 });
    } finally {
      await collector.stop();
      await docker.stop();
    }
  }, 120_000);
});

function numbered(from: number, to: number): string {
  let text = '';
  for (let number = from; number <= to; number++) text += `line ${number}\n`;
  return text;
}

function numberIn(line: string): number {
  return Number(/line (\d+)/.exec(line)?.[1]);
}

function byNumber(a: number, b: number): number {
  return a - b;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}

function cri(...lines: readonly string[]): string {
  return lines.map((line) => `2026-01-15T10:00:00.000000000Z stdout ${line}\n`).join('');
}

/** As the kubelet makes it. */
function makePod(
  { pods, links }: { pods: string; links: string },
  name: string,
  number: number,
): { file: string; remove: () => void } {
  const id = createHash('sha256').update(`${name} ${number}`).digest('hex');
  const pod = join(pods, `shop_${name}-${number}_${id.slice(0, 32)}`);
  mkdirSync(join(pod, 'app'), { recursive: true });
  const file = join(pod, 'app', '0.log');
  writeFileSync(file, '');
  const link = join(links, `${name}-${number}_shop_app-${id}.log`);
  symlinkSync(file, link);
  return {
    file,
    remove: () => {
      rmSync(link);
      rmSync(pod, { recursive: true });
      if (existsSync(pod)) throw new Error(`${pod} is still there`);
    },
  };
}

function troubled(
  engine: Engine,
  around: (insert: () => Promise<unknown>) => Promise<unknown>,
): Engine {
  return new Proxy(engine, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (name === 'insert') {
        return (request: Parameters<Engine['insert']>[0]) => around(() => target.insert(request));
      }
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function fakeCluster() {
  type OpenClient = NonNullable<KafkaPublisherOptions['openClient']>;
  type Client = Awaited<ReturnType<OpenClient>>;
  const cluster = {
    isAway: false,
    connections: 0,
    stored: [] as string[],
    openClient: (() => {
      cluster.connections += 1;
      return Promise.resolve(client);
    }) as OpenClient,
  };
  const answer = (): void => {
    if (cluster.isAway) throw new Error('connect ECONNREFUSED');
  };
  const client: Client = {
    connect: async () => answer(),
    describe: async (names) => {
      answer();
      const settings = { 'max.message.bytes': '33554432', 'min.insync.replicas': '2' };
      const topic = { partitions: 3, replicas: 3, leaderless: 0, settings };
      return { brokers: 3, topics: names.map((name) => ({ name, ...topic })) };
    },
    createTopic: async () => answer(),
    send: async (_topic, _key, values) => {
      answer();
      cluster.stored.push(...values.map((value) => value.toString()));
    },
    close: async () => undefined,
  };
  return cluster;
}
