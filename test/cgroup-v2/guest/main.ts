/**
 * Runs in the emulated machine: a dockerd over control groups of version 2, a container for each fault,
 * and a collector that watches them. Writes what it saw as `results.json`.
 *
 *     node main.ts <folder>      holds faults.tar, the image; results go there
 */
import { execFile } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Collector } from '@plimsoll/collector';
import { configSchema, silentLogger } from '@plimsoll/runtime';
import { startDocker, type DockerDaemon } from '../../harness/docker-daemon.ts';
import { unmetChecks, type Observed } from '../../harness/fault-checks.ts';
import { faultFixtures, type FaultFixture } from '../../harness/fault-fixtures.ts';
import { faultImage } from '../../harness/fault-image.ts';
import { PublishedRows } from '../../harness/published-rows.ts';
import type { GuestResults } from '../results.ts';

const run = promisify(execFile);
/** An emulated processor takes seconds to start a container, and some of them use all they get. */
const atOnce = 4;
/** After its own start: what leaks to a limit must not be there yet. */
const settleMs = 3000;
const observeMs = 30_000;

const folder = process.argv[2];
if (folder === undefined) throw new Error('expected the shared folder as the first argument');
const results = await observe(folder);
writeFileSync(join(folder, 'results.tmp'), JSON.stringify(results));
renameSync(join(folder, 'results.tmp'), join(folder, 'results.json'));
// The daemon is still on, and goes with the machine.
process.exit();

async function observe(share: string): Promise<GuestResults> {
  const docker = await startDocker('/root/docker');
  docker.docker('import', join(share, 'faults.tar'), faultImage);
  const rows = new PublishedRows();
  const collector = makeCollector(docker, rows);
  await collector.start();
  const faults: GuestResults['faults'] = [];
  for (let first = 0; first < faultFixtures.length; first += atOnce) {
    const fixtures = faultFixtures.slice(first, first + atOnce);
    const startedAt = await startAll(docker, fixtures);
    await sleep(settleMs + observeMs);
    for (const fixture of fixtures) {
      const fromMs = (startedAt.get(fixture.name) ?? 0) + settleMs;
      faults.push(resultOf(fixture, rows.of(fixture.name, fromMs)));
    }
    docker.docker('rm', '-f', ...fixtures.map(({ name }) => name));
  }
  const { cgroupMode } = rows;
  await collector.stop();
  return { cgroupMode: cgroupMode ?? 'unknown', faults };
}

function resultOf(fixture: FaultFixture, observed: Observed): GuestResults['faults'][number] {
  const { name } = fixture;
  const unmet = unmetChecks(fixture, observed, 2);
  console.log(`${new Date().toISOString()} ${name}: ${JSON.stringify(unmet)}`);
  return { name, samples: observed.samples.length, unmet };
}

async function startAll(
  docker: DockerDaemon,
  fixtures: readonly FaultFixture[],
): Promise<ReadonlyMap<string, number>> {
  const env = { ...process.env, DOCKER_HOST: `unix://${docker.socket}` };
  const startedAt = new Map<string, number>();
  for (const { name, options, command } of fixtures) {
    console.log(`${new Date().toISOString()} starts ${name}`);
    await run('docker', ['run', '-d', '--name', name, ...options, faultImage, ...command], { env });
    startedAt.set(name, Date.now());
  }
  return startedAt;
}

function makeCollector(docker: DockerDaemon, rows: PublishedRows): Collector {
  const { tenant, collector: config } = configSchema.parse({
    collector: {
      host: 'emulated',
      docker: { socket: docker.socket, resync_interval: '5s' },
      stats: { interval: '2s', slow_interval: '2s', cpu_budget: 2 },
    },
  });
  return new Collector({
    config,
    tenant,
    stateDirectory: '/root/collector',
    version: 'test',
    publisher: rows,
    logger: silentLogger(),
  });
}
