/**
 * How near any user is to the limits on inotify: instances and watches, of the user that has most
 * of each. The kernel counts by user and tells nobody, so every descriptor of every process is
 * looked at, some at a time. One that several processes share by inheritance is counted for each.
 *
 * Running out is the classic cause of "too many open files" where descriptors are plenty: 128
 * instances are the kernel's default.
 */
import { type Dir, opendirSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@plimsoll/runtime';
import type { HostValues } from '../host/host-values.ts';
import type { KeptFiles } from '../kept-files.ts';
import { type Bytes, nextLine } from '../parse/bytes.ts';
import { isAt } from '../parse/network.ts';
import type { BackgroundTask } from './background-reads.ts';

/** Descriptors looked at in one step; some 5 µs each. */
const entriesPerStep = 400;
/** A walk begins no oftener than this. */
const shortestIntervalMs = 300_000;
const watchLine = Buffer.from('inotify ', 'latin1');

const noDescriptors: ReadonlySet<number> = new Set();

interface Use {
  instances: number;
  watches: number;
}

/** The descriptors of one process. */
interface Open {
  readonly dir: Dir;
  readonly directory: string;
  readonly uid: number;
  /** Descriptors known to be something else: thousands of our own are on kernel files. */
  readonly others: ReadonlySet<number>;
}

interface Walk {
  readonly pids: string[];
  readonly users: Map<number, Use>;
  open: Open | undefined;
}

export class InotifyUse implements BackgroundTask {
  readonly tier = 'inotify';
  readonly #proc: string;
  readonly #files: KeptFiles;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  #walk: Walk | undefined;
  #dueAt = 0;
  #most: Use = { instances: NaN, watches: NaN };

  constructor(options: { proc: string; files: KeptFiles; clock: Clock; intervalMs: number }) {
    this.#proc = options.proc;
    this.#files = options.files;
    this.#clock = options.clock;
    this.#intervalMs = Math.max(shortestIntervalMs, options.intervalMs);
  }

  /** Fills in what the last walk found. */
  writeTo(values: HostValues): void {
    values.set('inotify_instances', this.#most.instances);
    values.set('inotify_watches', this.#most.watches);
  }

  step(): boolean {
    this.#walk ??= this.#begin();
    if (!this.#walk) return false;
    for (let count = 0; count < entriesPerStep; count++) {
      if (this.#takeEntry(this.#walk)) continue;
      this.#most = mostOf(this.#walk.users);
      this.#walk = undefined;
      break;
    }
    return true;
  }

  close(): void {
    this.#walk?.open?.dir.closeSync();
    this.#walk = undefined;
  }

  #begin(): Walk | undefined {
    const now = this.#clock.monotonic();
    if (now < this.#dueAt) return undefined;
    this.#dueAt = now + this.#intervalMs;
    try {
      const pids = readdirSync(this.#proc).filter((name) => /^\d+$/.test(name));
      return pids.length === 0 ? undefined : { pids, users: new Map(), open: undefined };
    } catch {
      return undefined;
    }
  }

  /** False when all processes were looked at. */
  #takeEntry(walk: Walk): boolean {
    if (!walk.open) return this.#openNext(walk);
    const name = nextName(walk.open.dir);
    if (name === undefined) this.#closeDirectory(walk);
    else this.#look(walk.open, name, walk.users);
    return true;
  }

  #openNext(walk: Walk): boolean {
    const pid = walk.pids.pop();
    if (pid === undefined) return false;
    const directory = join(this.#proc, pid);
    try {
      const { uid } = statSync(directory);
      const dir = opendirSync(join(directory, 'fd'), { bufferSize: 128 });
      const others = pid === this.#ownPid() ? this.#files.descriptors() : noDescriptors;
      walk.open = { dir, directory, uid, others };
    } catch {
      // The process ended, or may not be looked at.
    }
    return true;
  }

  #ownPid(): string | undefined {
    return linkOf(join(this.#proc, 'self'));
  }

  #look({ directory, uid, others }: Open, name: string, users: Map<number, Use>): void {
    if (others.has(Number(name))) return;
    if (linkOf(join(directory, 'fd', name)) !== 'anon_inode:inotify') return;
    const use = users.get(uid) ?? { instances: 0, watches: 0 };
    users.set(uid, use);
    use.instances++;
    const info = this.#files.readOnce(join(directory, 'fdinfo', name));
    if (info) use.watches += countWatches(info);
  }

  #closeDirectory(walk: Walk): void {
    walk.open?.dir.closeSync();
    walk.open = undefined;
  }
}

/** Lines `inotify wd:1 ino:… sdev:… mask:…`, one for each watch. */
export function countWatches(info: Bytes): number {
  let watches = 0;
  for (let at = 0; at < info.length; at = nextLine(info, at)) {
    if (isAt(info, at, watchLine)) watches++;
  }
  return watches;
}

/** Undefined at the end, and where the process ended meanwhile. */
function nextName(dir: Dir): string | undefined {
  try {
    return dir.readSync()?.name;
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function mostOf(users: ReadonlyMap<number, Use>): Use {
  const most: Use = { instances: 0, watches: 0 };
  for (const { instances, watches } of users.values()) {
    most.instances = Math.max(most.instances, instances);
    most.watches = Math.max(most.watches, watches);
  }
  return most;
}
