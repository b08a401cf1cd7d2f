/**
 * Control groups with a sleeping process each, laid out as Docker lays out containers, without
 * Docker: on a host with v1 controllers and root they are the kernel's own, elsewhere copies of a
 * recorded tree.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = '/sys/fs/cgroup';
const hierarchies = ['memory', 'cpu', 'cpuacct', 'pids', 'blkio', 'unified'];
const recorded = join(
  import.meta.dirname,
  '../../../packages/collector/test/testdata/cgroup/hybrid',
);

export interface HandMadeContainer {
  id: string;
  /** A process that does not exist, where groups are copies. */
  pid: number;
}

export interface HandMadeContainers {
  kind: 'kernel' | 'recorded';
  /** Folder of the hierarchies. */
  cgroup: string;
  parent: string;
  containers: HandMadeContainer[];
  remove(): Promise<void>;
}

/** Makes `count` of them; in a network namespace of their own each when `command` asks for it. */
export async function makeContainers(
  count: number,
  command: readonly string[],
): Promise<HandMadeContainers> {
  const isNative =
    process.getuid?.() === 0 &&
    hierarchies.every((name) => existsSync(join(root, name, 'cgroup.procs')));
  return isNative ? makeInKernel(count, command) : copyRecorded(count);
}

async function makeInKernel(
  count: number,
  command: readonly string[],
): Promise<HandMadeContainers> {
  const parent = `plimsoll-bench-${process.pid}`;
  const children: ChildProcess[] = [];
  const containers: HandMadeContainer[] = [];
  for (let index = 0; index < count; index++) {
    const id = index.toString(16).padStart(64, '0');
    const folders = hierarchies.map((name) => join(root, name, parent, id));
    for (const folder of folders) mkdirSync(folder, { recursive: true });
    const enter = folders.map((folder) => `echo $$ > ${folder}/cgroup.procs`).join('; ');
    const child = spawn('sh', ['-c', `${enter}; echo ready; exec "$@"`, 'sh', ...command], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve, reject) => {
      child.stdout.once('data', resolve);
      child.once('error', reject);
    });
    children.push(child);
    containers.push({ id, pid: child.pid ?? 0 });
  }
  return {
    kind: 'kernel',
    cgroup: 'auto',
    parent,
    containers,
    remove: () => removeFromKernel(parent, children),
  };
}

async function removeFromKernel(parent: string, children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.kill('SIGKILL')) await ended;
    }),
  );
  for (const name of hierarchies) {
    const folder = join(root, name, parent);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) await removeFolder(join(folder, entry.name));
    }
    await removeFolder(folder);
  }
}

/** A process leaves its group a moment after it has ended. */
async function removeFolder(folder: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function copyRecorded(count: number): HandMadeContainers {
  const cgroup = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  const containers: HandMadeContainer[] = [];
  for (let index = 0; index < count; index++) {
    const id = index.toString(16).padStart(64, '0');
    for (const name of hierarchies) {
      const [source] = readdirSync(join(recorded, name, 'docker'));
      if (source === undefined) continue;
      const from = join(recorded, name, 'docker', source);
      cpSync(from, join(cgroup, name, 'docker', id), { recursive: true });
    }
    containers.push({ id, pid: 2 ** 30 + index });
  }
  return {
    kind: 'recorded',
    cgroup,
    parent: 'docker',
    containers,
    remove: () => {
      rmSync(cgroup, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}
