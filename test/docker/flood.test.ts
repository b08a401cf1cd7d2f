/**
 * A container that writes as fast as it can, through the rotation of a real dockerd, which is killed
 * and started again meanwhile. What Docker still has in its files is the truth: none of it may be
 * missing, and nothing may come twice.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChildAccount, startCollectorChild } from '../harness/collector-child-process.ts';
import { type DockerDaemon, dockerMissing, startDocker } from '../harness/docker-daemon.ts';
import { eventually } from '../harness/eventually.ts';
import { NumberedLines } from '../harness/numbered-lines.ts';
import { isSkipped } from '../harness/requirement.ts';

const script = (count: number): string =>
  `awk 'BEGIN { for (i = 1; i <= ${count}; i++) print "this is the numbered line " i "." }'; echo done`;

interface Flood {
  name: string;
  /** Of `docker run`. */
  options: string[];
  /** Lines. */
  count: number;
  during?: () => Promise<void>;
}

describe.skipIf(isSkipped(dockerMissing()))('a flood through the rotation of Docker', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-flood-'));
  let docker: DockerDaemon;

  beforeAll(async () => {
    docker = await startDocker(join(folder, 'docker'));
  }, 120_000);

  afterAll(async () => {
    await docker?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const watch = async ({ name, options, count, during }: Flood) => {
    const collector = await startCollectorChild(join(folder, name), {
      host: 'flooded',
      docker: { socket: docker.socket, resync_interval: '5s' },
      stats: { enabled: false },
      orphans: { enabled: false },
    });
    const id = docker.run(['--name', name, ...options], script(count));
    await during?.();
    await eventually('the end of the container', 90_000, async () => {
      return docker.docker('inspect', '-f', '{{.State.Status}}', id) === 'exited';
    });
    await eventually('the end of its log', 30_000, async () => {
      return (await collector.ask()).lagBytes === 0;
    });
    const account = await collector.stop();
    return { id, account };
  };

  it('loses nothing that Docker still has, and tells of what it has not', async () => {
    const limits = ['--log-opt', 'max-size=10m', '--log-opt', 'max-file=3'];
    const { id, account } = await watch({
      name: 'rotated',
      options: limits,
      count: 2_000_000,
    });
    expectNoneOfThese(account, filesOf(docker, id));
    expect(account.lines.doubled).toBe(0);
    expect(account.lines.highest).toBe(2_000_000);
    const isTold = account.lines.missingTotal === 0 || (account.events['log_gap'] ?? 0) > 0;
    expect(isTold).toBe(true);
  }, 180_000);

  it('a daemon that is killed and started again under load changes nothing', async () => {
    const limits = ['--log-opt', 'max-size=10m', '--log-opt', 'max-file=100'];
    docker.docker('rm', '-f', 'rotated');
    const { id, account } = await watch({
      name: 'killed',
      options: limits,
      count: 1_000_000,
      during: () => docker.crash(),
    });
    const inFiles = filesOf(docker, id).summary();
    expect(inFiles.seen).toBeGreaterThan(10_000);
    expect({ ...account.lines, missing: [] }).toEqual({ ...inFiles, missing: [] });
    expect(account.lines.missing).toEqual(inFiles.missing);
  }, 180_000);
});

/** What is in the container's files now, oldest or not. */
function filesOf(docker: DockerDaemon, id: string): NumberedLines {
  const folder = join(docker.dataRoot, 'containers', id);
  const lines = new NumberedLines();
  for (const name of readdirSync(folder).filter((each) => each.includes('-json.log'))) {
    const path = join(folder, name);
    lines.take(name.endsWith('.gz') ? execFileSync('zcat', [path]) : readFileSync(path));
  }
  return lines;
}

function expectNoneOfThese({ lines }: ChildAccount, inFiles: NumberedLines): void {
  const { missing, highest } = inFiles.summary();
  // What Docker has is everything but what it rotated away, which is the beginning.
  const firstKept = (missing[0]?.[0] === 1 ? missing[0][1] : 0) + 1;
  expect(highest).toBe(lines.highest);
  for (const [from, to] of lines.missing)
    expect([from, to, to < firstKept]).toEqual([from, to, true]);
}
