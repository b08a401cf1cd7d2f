/** Containers that come and go leave nothing in the collector. The long one: `npm run soak`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { churn } from '../harness/churn.ts';
import { type DockerDaemon, dockerMissing, startDocker } from '../harness/docker-daemon.ts';
import { isSkipped } from '../harness/requirement.ts';

const mebibyte = 1024 * 1024;

describe.skipIf(isSkipped(dockerMissing()))('containers that come and go', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-churn-'));
  let docker: DockerDaemon;

  beforeAll(async () => {
    docker = await startDocker(join(folder, 'docker'));
  }, 120_000);

  afterAll(async () => {
    await docker?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('leave no descriptor, no dead control group, no memory', async () => {
    const { before, after, rounds, account } = await churn({
      docker,
      folder: join(folder, 'collector'),
      containers: 12,
      minutes: 0.5,
    });
    expect(rounds.length).toBeGreaterThan(1);
    expect(account.lines.seen).toBeGreaterThan(0);
    expect(account.containers).toBe(0);
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 2);
    expect(after.dyingCgroups).toBeLessThanOrEqual(before.dyingCgroups);
    expect(after.rssBytes).toBeLessThan(before.rssBytes + 64 * mebibyte);
  }, 180_000);
});
