/**
 * The all-in-one process watching real containers of a real dockerd. Each number that the API
 * gives is bracketed by the kernel's own: read before the sample and after it, by other code.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  AlertList,
  ContainerDetail,
  ContainerList,
  ContainerSeries,
  EventPage,
  FleetSummary,
  FleetTanks,
  HostList,
  LogPage,
} from '@plimsoll/model/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DockerDaemon, dockerMissing, startDocker } from '../harness/docker-daemon.ts';
import { eventually } from '../harness/eventually.ts';
import { kernelTruth } from '../harness/kernel-truth.ts';
import { type PlimsollProcess, startPlimsoll } from '../harness/plimsoll-process.ts';
import { isSkipped } from '../harness/requirement.ts';

const api = '/api/plimsoll/v1';
const lines = 200_000;
/** Seconds are stored as doubles. */
const tolerance = 1e-6;

/** Grows by some 1.5 MB a second in a shell variable, up to some 60 of 64 MiB, and then holds still. */
const leakScript = `
piece=$(head -c 1048576 /dev/zero | tr '\\0' x); held=; n=0
while [ $n -lt 59 ]; do eval "v$n=\\$piece"; n=$((n+1)); sleep 0.7; done
while :; do sleep 60; done`;

describe.skipIf(isSkipped(dockerMissing()))('real containers of a real dockerd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-real-'));
  let docker: DockerDaemon;
  let plimsoll: PlimsollProcess;
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    docker = await startDocker(join(folder, 'docker'));
    plimsoll = await startPlimsoll({
      folder: join(folder, 'plimsoll'),
      config: {
        collector: {
          host: 'real-host',
          docker: { socket: docker.socket, resync_interval: '5s' },
          stats: { interval: '1s' },
        },
        alerting: { interval: '1s' },
      },
    });
    const run = (name: string, options: string[], script: string): void => {
      ids[name] = docker.run(['--name', name, ...options], script);
    };
    run('leaking', ['-m', '64m', '--memory-swap', '64m'], leakScript);
    run('throttled', ['--cpus', '0.1'], 'while :; do :; done');
    run('killed', ['-m', '16m', '--memory-swap', '16m'], 'sleep 3; tail /dev/zero; sleep 3600');
    run('still', ['-m', '32m', '--pids-limit', '40', '--cpus', '0.5'], 'echo ready; sleep 3600');
    run(
      'writer',
      [
        '--log-opt',
        'max-size=2m',
        '--log-opt',
        'max-file=40',
        '--label',
        'com.docker.compose.service=writer',
      ],
      `awk 'BEGIN { for (i = 1; i <= ${lines}; i++) print "numbered line " i " of the writer" }'; sleep 3600`,
    );
  }, 180_000);

  afterAll(async () => {
    await plimsoll?.end('SIGTERM');
    await docker?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('stores each of 200,000 lines once, through rotations', { timeout: 180_000 }, async () => {
    const count = (): Promise<unknown[][]> =>
      plimsoll.sql(
        `SELECT count(), uniqExact(message), uniqExact(file_id) > 1,
                min(toUInt64(extract(message, 'line (\\\\d+)'))), max(toUInt64(extract(message, 'line (\\\\d+)')))
         FROM logs WHERE container_name = 'writer'`,
      );
    await eventually('all lines', 150_000, async () => Number((await count())[0]?.[0]) >= lines);
    expect((await count())[0]?.map(Number)).toEqual([lines, lines, 1, 1, lines]);
  });

  it('finds one line of them by its text, with its labels', { timeout: 30_000 }, async () => {
    const page = await plimsoll.get<LogPage>(
      `${api}/logs?from=now-1h&to=now&q=${encodeURIComponent('"line 123456 of"')}&container=writer`,
    );
    expect(page.items).toHaveLength(1);
    expect(page.items[0]).toMatchObject({
      message: 'numbered line 123456 of the writer',
      container: 'writer',
      container_id: ids['writer'],
      host: 'real-host',
      stream: 'stdout',
      service: 'writer',
    });
  });

  it('shows the numbers that the kernel shows', { timeout: 120_000 }, async () => {
    for (const name of ['still', 'throttled', 'leaking'] as const) {
      const differences = await differencesFromKernel({ docker, plimsoll, id: ids[name] ?? '' });
      expect(differences).toEqual([]);
    }
  });

  it('lists each container with its limits', { timeout: 30_000 }, async () => {
    const list = await plimsoll.get<ContainerList>(`${api}/containers?limit=100`);
    const still = list.items.find((container) => container.name === 'still');
    expect(still).toMatchObject({
      id: ids['still'],
      runtime_state: 'running',
      memory_limit_bytes: 32 * 2 ** 20,
      cpu_limit_cores: 0.5,
      pids_limit: 40,
      pids_current: 1,
    });
    const tanks = await plimsoll.get<FleetTanks>(`${api}/fleet/tanks`);
    expect(tanks.tanks.map((tank) => tank.name)).toEqual(
      expect.arrayContaining(['still', 'leaking', 'throttled', 'writer']),
    );
  });

  it('draws throttling as the share of periods', { timeout: 60_000 }, async () => {
    const ratio = await eventually('a throttled series', 45_000, async () => {
      const answer = await plimsoll.get<ContainerSeries>(
        `${api}/containers/${ids['throttled']}/series?from=now-5m&to=now&points=60`,
      );
      return answer.series['throttled_ratio']?.map((point) => point[1]).findLast((v) => v !== null);
    });
    expect(ratio).toBeGreaterThan(0.8);
    expect(ratio).toBeLessThanOrEqual(1);
  });

  it('tells of the OOM kill, attributed to the container', { timeout: 60_000 }, async () => {
    const event = await eventually('the OOM kill', 45_000, async () => {
      const page = await plimsoll.get<EventPage>(`${api}/events?from=now-1h&to=now&limit=500`);
      return page.items.find(
        (item) => item.kind === 'oom_kill' && item.container_id === ids['killed'],
      );
    });
    expect(event).toMatchObject({ container: 'killed', host: 'real-host' });
    expect(event.message).toMatch(/tail/);
  });

  it('fires on memory, throttling and the OOM kill', { timeout: 180_000 }, async () => {
    const wanted: Record<string, string> = {
      memory_near_limit: 'leaking',
      cpu_throttled: 'throttled',
      oom_kill: 'killed',
    };
    for (const [rule, container] of Object.entries(wanted)) {
      await eventually(`${rule} of ${container}`, 150_000, async () => {
        const alerts = await plimsoll.get<AlertList>(`${api}/alerts?state=firing`);
        return alerts.items.find(
          (alert) => alert.rule === rule && alert.labels['container_name'] === container,
        );
      });
    }
    const fleet = await plimsoll.get<FleetSummary>(`${api}/fleet`);
    expect(fleet.causes.length).toBeGreaterThanOrEqual(3);
    expect(fleet.pipeline).toMatchObject({
      records_lost: 0,
      dead_letters: 0,
      collectors_reporting: 1,
    });
  });

  it(
    'survives a restart of dockerd and sees what starts after it',
    { timeout: 90_000 },
    async () => {
      await docker.restart();
      ids['later'] = docker.run(['--name', 'later'], 'echo came later; sleep 3600');
      await eventually('the new container and its line', 60_000, async () => {
        const page = await plimsoll.get<LogPage>(`${api}/logs?from=now-1h&to=now&container=later`);
        return page.items.some((entry) => entry.message === 'came later');
      });
      // The host's own report of it goes out with the next samples, after the container's first line.
      const host = await eventually('a host connected to Docker', 30_000, async () => {
        const { items } = await plimsoll.get<HostList>(`${api}/hosts`);
        expect(items).toHaveLength(1);
        return items[0]?.docker_status === 'connected' ? items[0] : null;
      });
      expect(host).toMatchObject({ host: 'real-host', silent: false });
    },
  );

  it('keeps a removed container to be looked at', { timeout: 60_000 }, async () => {
    docker.docker('rm', '-f', 'later');
    const detail = await eventually('its removal', 45_000, async () => {
      const answer = await plimsoll.get<ContainerDetail>(`${api}/containers/${ids['later']}`);
      return answer.runtime_state === 'removed' ? answer : null;
    });
    expect(detail.name).toBe('later');
  });
});

interface Compared {
  docker: DockerDaemon;
  plimsoll: PlimsollProcess;
  id: string;
}

/** A gauge that is caught on its way down and up again between two readings is looked at anew. */
const looks = 5;

/**
 * A gauge that the kernel gives unchanged before and after a sample must be that number; a counter
 * must lie between the two. A busy container's gauges go outside of two readings now and then (a
 * fork takes kernel memory and gives it back), so each value has to agree in one look of five: one
 * that is read wrongly agrees in none. Gives a sentence for each value that never did.
 */
async function differencesFromKernel(compared: Compared): Promise<string[]> {
  let left = await differencesOnce(compared);
  for (let look = 1; look < looks && left.size > 0; look += 1) {
    const again = await differencesOnce(compared);
    left = new Map([...again].filter(([name]) => left.has(name)));
  }
  return [...left.values()];
}

/** One look: the values outside of what the kernel gave before and after the sample, by name. */
async function differencesOnce({ docker, plimsoll, id }: Compared): Promise<Map<string, string>> {
  const pid = Number(docker.docker('inspect', '-f', '{{.State.Pid}}', id));
  const detail = (): Promise<ContainerDetail> => plimsoll.get(`${api}/containers/${id}`);
  const seen = (await detail()).last_seen;
  const before = kernelTruth(pid);
  // Two samples on, so that the whole of the last one was taken between the two readings.
  const sample = await eventually('a newer sample', 20_000, async () => {
    const newer = await detail();
    return newer.last_seen >= seen + 2500 ? newer : null;
  });
  const after = kernelTruth(pid);
  const differences = new Map<string, string>();
  for (const [name, first] of Object.entries(before)) {
    const last = after[name] ?? NaN;
    const got = sample.values[name] ?? NaN;
    const isBetween =
      got >= Math.min(first, last) - tolerance && got <= Math.max(first, last) + tolerance;
    if (!isBetween) {
      differences.set(name, `${sample.name} ${name}: kernel ${first} … ${last}, got ${got}`);
    }
  }
  return differences;
}
