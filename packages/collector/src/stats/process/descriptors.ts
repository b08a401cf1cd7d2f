/**
 * Open file descriptors of all processes of a container, and the limit of its init process. Costs
 * some microseconds per process, so it belongs to the slow tier.
 */
import { readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '@plimsoll/runtime';
import type { KeptFiles } from '../kept-files.ts';
import { type Bytes, nextLine, parseNumber, skipBlanks } from '../parse/bytes.ts';

/** PROC_SUPER_MAGIC of linux/magic.h. */
const procMagic = 0x9fa0;

export class DescriptorCounter {
  readonly #proc: string;
  #isSizeCount: boolean | undefined;

  constructor(proc: string) {
    this.#proc = proc;
  }

  /**
   * Sum over the processes. One that has ended counts as none; `NaN` when one may not be looked
   * at, or when none is there.
   */
  count(pids: readonly number[]): number {
    let sum = 0;
    let seen = 0;
    for (const pid of pids) {
      const count = this.#countOf(join(this.#proc, String(pid), 'fd'));
      if (count === undefined) continue;
      sum += count;
      seen++;
    }
    return seen > 0 ? sum : NaN;
  }

  #countOf(directory: string): number | undefined {
    try {
      this.#isSizeCount ??= this.#detectSizeCount();
      if (!this.#isSizeCount) return readdirSync(directory).length;
      return statSync(directory, { throwIfNoEntry: false })?.size;
    } catch (error) {
      const code = codeOf(error);
      return code === 'ENOENT' || code === 'ESRCH' ? undefined : NaN;
    }
  }

  /** Since Linux 6.2 the size of `/proc/<pid>/fd` is the number of descriptors; before it was 0. */
  #detectSizeCount(): boolean {
    if (statfsSync(this.#proc).type !== procMagic) return false;
    return statSync(join(this.#proc, 'self/fd')).size > 0;
  }
}

const openFiles = Buffer.from('Max open files', 'latin1');

/** Soft RLIMIT_NOFILE of a process, from `<proc>/<pid>/limits`; `Infinity` for none. */
export function readDescriptorLimit(files: KeptFiles, directory: string): number {
  const bytes = files.readOnce(`${directory}/limits`);
  return bytes ? parseDescriptorLimit(bytes) : NaN;
}

/** The line is `Max open files            1024                 4096                 files`. */
export function parseDescriptorLimit(bytes: Bytes): number {
  for (let at = 0; at < bytes.length; at = nextLine(bytes, at)) {
    if (!startsWith(bytes, at)) continue;
    const value = skipBlanks(bytes, at + openFiles.length);
    const isUnlimited = bytes.data[value] === 0x75;
    return isUnlimited ? Infinity : parseNumber(bytes, value);
  }
  return NaN;
}

function startsWith(bytes: Bytes, from: number): boolean {
  if (from + openFiles.length > bytes.length) return false;
  for (let at = 0; at < openFiles.length; at++) {
    if (bytes.data[from + at] !== openFiles[at]) return false;
  }
  return true;
}
