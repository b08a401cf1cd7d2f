/** Control groups made by hand on a host with v1 controllers, and a process in them. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = '/sys/fs/cgroup';
const hierarchies = ['memory', 'cpu', 'cpuacct', 'pids', 'blkio', 'unified'] as const;
export type Hierarchy = (typeof hierarchies)[number];

/** Why these tests cannot run here; undefined where they can. */
export function missingForNativeCgroups(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const absent = hierarchies.find((name) => !existsSync(join(root, name, 'cgroup.procs')));
  return absent === undefined ? undefined : `needs the v1 hierarchy ${absent}`;
}

export class NativeCgroup {
  readonly id: string;
  readonly #parent = `plimsoll-test-${process.pid}`;

  constructor(id: string) {
    this.id = id;
  }

  get parent(): string {
    return this.#parent;
  }

  directory(hierarchy: Hierarchy): string {
    return join(root, hierarchy, this.#parent, this.id);
  }

  create(): void {
    for (const name of hierarchies) mkdirSync(this.directory(name), { recursive: true });
  }

  write(hierarchy: Hierarchy, file: string, value: string): void {
    writeFileSync(join(this.directory(hierarchy), file), value);
  }

  read(hierarchy: Hierarchy, file: string): string {
    return readFileSync(join(this.directory(hierarchy), file), 'latin1');
  }

  /** Starts a shell within the groups; resolves to its pid once it is there. */
  async run(script: string): Promise<number> {
    const enter = hierarchies
      .map((name) => `echo $$ > ${join(this.directory(name), 'cgroup.procs')}`)
      .join('; ');
    const child = spawn('sh', ['-c', `${enter}; echo ready; ${script}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve, reject) => {
      child.stdout.once('data', resolve);
      child.once('error', reject);
    });
    if (child.pid === undefined) throw new Error('expected a pid');
    return child.pid;
  }

  /** Ends the shells and everything they started: all that is in the groups. */
  async kill(): Promise<void> {
    for (let tries = 0; existsSync(this.directory('pids')); tries++) {
      const pids = this.read('pids', 'cgroup.procs')
        .split('\n')
        .filter((pid) => pid !== '');
      for (const pid of pids) this.#end(Number(pid));
      if (pids.length === 0) return;
      if (tries > 200) throw new Error(`expected an empty group, it has ${pids.join(' ')}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  #end(pid: number): void {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }

  /** Kills what runs in the groups and removes them; the folders above stay for others. */
  async remove(): Promise<void> {
    await this.kill();
    for (const name of hierarchies) {
      for (let tries = 0; existsSync(this.directory(name)); tries++) {
        try {
          rmdirSync(this.directory(name));
        } catch (error) {
          // Processes leave their group a moment after they have ended.
          if (tries > 200) throw error;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
    }
  }

  /** Removes the folders above as well. */
  removeParent(): void {
    for (const name of hierarchies) {
      const parent = join(root, name, this.#parent);
      if (existsSync(parent)) rmdirSync(parent);
    }
  }

  /** Removed groups below the parent that the kernel still holds. */
  dying(): number {
    const text = readFileSync(join(root, 'unified', this.#parent, 'cgroup.stat'), 'latin1');
    return Number(/^nr_dying_descendants (\d+)/m.exec(text)?.[1]);
  }
}
