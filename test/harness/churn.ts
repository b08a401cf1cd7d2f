/**
 * Containers that are started and removed again and again under a collector, and what of them is left
 * behind: memory, descriptors, control groups that a held descriptor keeps alive.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCollectorChild, type ChildAccount } from './collector-child-process.ts';
import { imageName, type DockerDaemon } from './docker-daemon.ts';

export interface ChurnOptions {
  docker: DockerDaemon;
  folder: string;
  /** Containers that are there at once. */
  containers: number;
  minutes: number;
  onRound?: (round: ChurnRound) => void;
}

export interface ChurnRound {
  started: number;
  rssBytes: number;
  descriptors: number;
  dyingCgroups: number;
}

export interface ChurnResult {
  rounds: ChurnRound[];
  /** Before the first container. */
  before: ChurnRound;
  /** When the last was removed and all was let go, or a minute later. */
  after: ChurnRound;
  account: ChildAccount;
}

const run = promisify(execFile);
const atOnce = 4;
const settleMs = 60_000;

export async function churn(options: ChurnOptions): Promise<ChurnResult> {
  const { docker, folder, containers, minutes } = options;
  const collector = await startCollectorChild(folder, {
    host: 'churning',
    docker: { socket: docker.socket, resync_interval: '10s' },
    stats: { interval: '1s', slow_interval: '5s' },
  });
  const measure = async (started: number): Promise<ChurnRound> => {
    const { rssBytes, descriptors } = await collector.ask();
    return { started, rssBytes, descriptors, dyingCgroups: dyingCgroups() };
  };
  await sleep(3000);
  const before = await measure(0);
  const rounds: ChurnRound[] = [];
  const until = Date.now() + minutes * 60_000;
  for (let started = 0; Date.now() < until;) {
    await eachAtOnce(containers, (index) => startOne(docker, `churn-${index}`));
    started += containers;
    await sleep(1500);
    await eachAtOnce(containers, (index) => removeOne(docker, `churn-${index}`));
    const round = await measure(started);
    rounds.push(round);
    options.onRound?.(round);
  }
  // Files of removed containers are held open for half a minute, in case their writer comes back.
  const started = rounds.at(-1)?.started ?? 0;
  let after = await measure(started);
  for (const end = Date.now() + settleMs; Date.now() < end; after = await measure(started)) {
    if (after.descriptors <= before.descriptors + 2) break;
    await sleep(1000);
  }
  return { rounds, before, after, account: await collector.stop() };
}

async function startOne(docker: DockerDaemon, name: string): Promise<void> {
  const script = 'i=0; while :; do i=$((i+1)); echo "line $i."; sleep 0.2; done';
  const options = ['run', '-d', '--name', name, '--network', 'none', '-m', '32m'];
  await client(docker, [...options, imageName, '/bin/sh', '-c', script]);
}

async function removeOne(docker: DockerDaemon, name: string): Promise<void> {
  await client(docker, ['rm', '-f', name]);
}

async function client({ socket }: DockerDaemon, words: readonly string[]): Promise<void> {
  await run('docker', [...words], { env: { ...process.env, DOCKER_HOST: `unix://${socket}` } });
}

async function eachAtOnce(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Below the group that Docker makes its own in, in the hierarchy of version 2. */
function dyingCgroups(): number {
  const roots = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'];
  for (const root of roots) {
    const file = join(root, 'docker/cgroup.stat');
    if (!existsSync(file)) continue;
    return Number(/nr_dying_descendants (\d+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? NaN);
  }
  return 0;
}
