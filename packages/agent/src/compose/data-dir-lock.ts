/**
 * Names the process that uses a data folder: one JSON line with process id and start time. The lock
 * of a process that is gone counts for nothing, so that a crash needs no cleaning up. It guards
 * processes that see each other's ids; across containers the embedded engine's own lock holds.
 */
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { codeOf, PlimsollError } from '@plimsoll/runtime';

interface Holder {
  pid: number;
  /** Clock ticks since the start of the system; null where the kernel does not say. */
  startedAt: string | null;
}

export class DataDirLock {
  readonly #path: string;
  #isHeld = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws {PlimsollError} `data_dir_locked` */
  acquire(): void {
    if (this.#isHeld) return;
    const own: Holder = { pid: process.pid, startedAt: startTimeOf(process.pid) };
    for (let attempt = 0; attempt < 3; attempt++) {
      if (this.#create(own)) {
        this.#isHeld = true;
        return;
      }
      const holder = readHolder(this.#path);
      if (holder !== null && isAlive(holder)) throw this.#locked(`process ${holder.pid}`);
      removeIfThere(this.#path);
    }
    throw this.#locked('another process that starts at this moment');
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    removeIfThere(this.#path);
  }

  #create(own: Holder): boolean {
    try {
      writeFileSync(this.#path, `${JSON.stringify(own)}\n`, { flag: 'wx', mode: 0o644 });
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
  }

  #locked(holder: string): PlimsollError {
    const message = `expected the data folder to be free, but ${holder} uses it (${this.#path})`;
    return new PlimsollError('data_dir_locked', message);
  }
}

function readHolder(path: string): Holder | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value !== 'object' || value === null) return null;
    if (!('pid' in value) || typeof value.pid !== 'number' || value.pid <= 0) return null;
    const startedAt =
      'startedAt' in value && typeof value.startedAt === 'string' ? value.startedAt : null;
    return { pid: value.pid, startedAt };
  } catch {
    return null;
  }
}

function isAlive({ pid, startedAt }: Holder): boolean {
  // This very process cannot be the holder: it would not ask. A file left by an earlier process
  // with the same id (usual in containers) tells itself apart by its start time.
  const current = startTimeOf(pid);
  if (current !== null && startedAt !== null) return current === startedAt;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Field 22 of /proc/<pid>/stat (proc_pid_stat(5)); the name in brackets may hold spaces. */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
