/**
 * Every fault of the fixtures in a real container of a real dockerd, all at the same time, watched
 * by a collector: what must move moves, and what must not does not.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Collector } from '@plimsoll/collector';
import { configSchema, silentLogger } from '@plimsoll/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DockerDaemon, startDocker } from '../harness/docker-daemon.ts';
import { unmetChecks } from '../harness/fault-checks.ts';
import { faultFixtures } from '../harness/fault-fixtures.ts';
import { buildFaultImage, faultImage, faultImageMissing } from '../harness/fault-image.ts';
import { PublishedRows } from '../harness/published-rows.ts';
import { isSkipped } from '../harness/requirement.ts';

const run = promisify(execFile);
/** A container is left alone for so long before its samples count: starting moves everything. */
const settleMs = 5000;
const observeMs = 20_000;

describe.skipIf(isSkipped(faultImageMissing()))('containers with a fault each', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-faults-'));
  const rows = new PublishedRows();
  let docker: DockerDaemon;
  let collector: Collector;
  let settledAt = 0;

  beforeAll(async () => {
    docker = await startDocker(join(folder, 'docker'));
    mkdirSync(join(folder, 'image'));
    docker.docker('import', buildFaultImage(join(folder, 'image')), faultImage);
    collector = startedCollector(folder, docker, rows);
    await collector.start();
    const env = { ...process.env, DOCKER_HOST: `unix://${docker.socket}` };
    const startOne = async ({ name, options, command }: (typeof faultFixtures)[number]) => {
      await run('docker', ['run', '-d', '--name', name, ...options, faultImage, ...command], {
        env,
      });
    };
    await Promise.all(faultFixtures.map(startOne));
    await sleep(settleMs);
    settledAt = Date.now();
    await sleep(observeMs);
    await collector.stop();
  }, 120_000);

  afterAll(async () => {
    await collector?.stop();
    await docker?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it.each(faultFixtures.map((fixture) => [fixture.name, fixture] as const))('%s', (_, fixture) => {
    const observed = rows.of(fixture.name, settledAt);
    const version = rows.isHybridOrV1() ? 1 : 2;
    expect(unmetChecks(fixture, observed, version)).toEqual([]);
  });

  it('differ from one without: no other fixture is satisfied by the control', () => {
    const version = rows.isHybridOrV1() ? 1 : 2;
    const control = rows.of('control', settledAt);
    const satisfied = faultFixtures
      .filter((fixture) => unmetChecks(fixture, control, version).length === 0)
      .map(({ name }) => name);
    expect(satisfied).toEqual(['control']);
  });

  it('keep within a row each second and container', () => {
    const samples = rows.of('control', settledAt).samples.length;
    expect(samples).toBeGreaterThan(observeMs / 1000 / 2);
    expect(samples).toBeLessThanOrEqual(observeMs / 1000 + 2);
  });
});

function startedCollector(folder: string, docker: DockerDaemon, rows: PublishedRows): Collector {
  const { tenant, collector: config } = configSchema.parse({
    collector: {
      host: 'fault-host',
      docker: { socket: docker.socket, resync_interval: '2s' },
      // Slow values often, and no budget: this is about what is found.
      stats: { interval: '1s', slow_interval: '1s', cpu_budget: 1 },
    },
  });
  return new Collector({
    config,
    tenant,
    stateDirectory: join(folder, 'collector'),
    version: 'test',
    publisher: rows,
    logger: silentLogger(),
  });
}
