/**
 * The collector in a container of its own, run as infra/compose/collector.yaml says: it sees the
 * host and the other containers, and publishes to a real Kafka broker where there is one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { kafkaMissing, startKafka, type KafkaBroker } from '@plimsoll/infra/kafka';
import { decodeFrame } from '@plimsoll/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importCollectorImage } from '../harness/collector-image.ts';
import { readService, runFlags } from '../harness/compose-service.ts';
import { type DockerDaemon, dockerMissing, startDocker } from '../harness/docker-daemon.ts';
import { eventually } from '../harness/eventually.ts';
import { readKafkaTopic } from '../harness/kafka-topic.ts';
import { freePort } from '../harness/plimsoll-process.ts';
import { isSkipped } from '../harness/requirement.ts';

const compose = resolve(import.meta.dirname, '../../infra/compose/collector.yaml');
const noKafka = kafkaMissing();

interface Finding {
  subject: string;
  level: string;
  message: string;
}

interface Plan {
  containers: { name: string; path: string; bytes: number; hasStatistics: boolean }[];
  statistics: { cgroupMode: string };
}

describe.skipIf(isSkipped(dockerMissing()))('the collector in a container', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-agent-'));
  let docker: DockerDaemon;
  let image: string;
  let environment: Record<string, string>;
  let broker: KafkaBroker | null = null;

  beforeAll(async () => {
    docker = await startDocker(join(folder, 'docker'));
    image = importCollectorImage(docker, folder);
    const script = 'n=0; while [ $n -lt 100 ]; do echo "line $n"; n=$((n+1)); done; sleep 600';
    docker.run(['--name', 'chatty', '--network=none'], script);
    const port = await freePort();
    environment = {
      PLIMSOLL_COLLECTOR__DOCKER__SOCKET: `/host${docker.socket}`,
      PLIMSOLL_COLLECTOR__STATS__INTERVAL: '1s',
      PLIMSOLL_HTTP_PORT: String(await freePort()),
      PLIMSOLL_TRANSPORT__KAFKA__BROKERS: `127.0.0.1:${port}`,
    };
    if (noKafka !== null) return;
    const controllerPort = await freePort();
    broker = await startKafka({ folder: join(folder, 'kafka'), port, controllerPort });
  });
  afterAll(async () => {
    await docker.stop();
    await broker?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const flags = (extra: Record<string, string> = {}): string[] =>
    runFlags(readService(compose, 'collector'), { ...environment, ...extra });

  test('doctor finds nothing missing of the host', () => {
    // Kafka is looked at by another test; without one the exit code would be 1.
    const direct = { PLIMSOLL_TRANSPORT__MODE: 'direct' };
    const output = docker.docker('run', '--rm', ...flags(direct), image, 'doctor', '--json');
    const { findings } = JSON.parse(output) as { findings: Finding[] };
    const missing = findings.filter(({ level, subject }) => level !== 'ok' && subject !== 'clock');
    expect(missing).toEqual([]);
    expect(findings.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining(['processes', 'processes of others', 'container logs', 'kernel log']),
    );
  });

  test('doctor names what is missing without the mounts and capabilities', () => {
    const bare = ['--cap-drop=ALL', '--network=none', '--env=PLIMSOLL_DATA_DIR=/tmp'];
    const output = docker.docker('run', '--rm', ...bare, image, 'doctor', '--json');
    const { findings } = JSON.parse(output) as { findings: Finding[] };
    const warned = findings.filter(({ level }) => level === 'warn').map(({ subject }) => subject);
    expect(warned).toEqual(
      expect.arrayContaining(['processes', 'control groups', 'Docker', 'kernel log']),
    );
  });

  test('a dry run lists the other containers, where their logs are here, and their sizes', () => {
    const output = docker.docker('run', '--rm', ...flags(), image, '--dry-run', '--json');
    const plan = JSON.parse(output) as Plan;
    const chatty = plan.containers.find(({ name }) => name === 'chatty');
    expect(chatty).toMatchObject({ hasStatistics: true });
    expect(chatty?.path).toMatch(new RegExp(`^/host${docker.dataRoot}/containers/.*-json.log$`));
    expect(chatty?.bytes).toBeGreaterThan(100 * 'line 0'.length);
    expect(plan.statistics.cgroupMode).not.toBe('none');
  });

  test.skipIf(isSkipped(noKafka))(
    `publishes lines and statistics of the other containers to Kafka${noKafka ?? ''}`,
    async () => {
      const { PLIMSOLL_TRANSPORT__KAFKA__BROKERS: address = '' } = environment;
      const port = environment['PLIMSOLL_HTTP_PORT'] ?? '';
      docker.docker('run', '-d', '--name', 'agent', ...flags(), image);
      await eventually('readiness', 30_000, async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
        return answer.status === 200;
      });
      await eventually('100 lines of chatty in Kafka', 30_000, async () => {
        const stored = await readKafkaTopic(address, 'plimsoll.logs', 1);
        const frames = await Promise.all(stored.map(({ value }) => decodeFrame(value)));
        const texts = frames.map((frame) =>
          frame.kind === 'logs' ? frame.payload.toString() : '',
        );
        return (texts.join('').match(/line \d+\\n/g) ?? []).length >= 100;
      });
      await eventually('its statistics in Kafka', 30_000, async () => {
        const stored = await readKafkaTopic(address, 'plimsoll.rows', 1);
        const frames = await Promise.all(stored.map(({ value }) => decodeFrame(value)));
        return frames.some(
          (frame) =>
            frame.kind === 'rows' &&
            frame.header.table === 'container_stats' &&
            frame.payload.includes('chatty'),
        );
      });
      docker.docker('kill', '--signal=HUP', 'agent');
      await eventually('the reload', 10_000, async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
        return (await answer.text()).includes('plimsoll_process_reloads_total{result="applied"} 1');
      });
      const from = performance.now();
      docker.docker('stop', '--time=10', 'agent');
      expect(performance.now() - from).toBeLessThan(6000);
      expect(docker.docker('inspect', '--format={{.State.ExitCode}}', 'agent')).toBe('0');
    },
  );
});
