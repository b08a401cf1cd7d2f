/**
 * Keeps merges away from the end of the disk.
 *
 * A merge of this engine (26.7) that finds no room in its middle is committed all the same, with files
 * of no bytes; the parts it was made from are deleted soon after. So merges stop while little is free,
 * those under way included, and go on when there is room again. Inserts need no such care: one that
 * finds no room is refused whole, and repeated.
 *
 * Merges are also what deletes rows that are past their retention. While they stop, parts whose rows
 * are all past it are dropped from here, so that a full disk can become free by itself.
 */
import { statfsSync } from 'node:fs';
import type { StorageLogger } from '../logger.ts';

export interface DiskGuardOptions {
  /** Data folder of the engine. */
  path: string;
  database: string;
  run: (sql: string) => Promise<void>;
  expiredParts: () => Promise<ExpiredPart[]>;
  logger: StorageLogger;
  /** In the place of the file system that holds the folder. */
  space?: () => DiskSpace;
  /** Default 500 ms. */
  intervalMs?: number;
}

export interface DiskSpace {
  freeBytes: number;
  totalBytes: number;
}

export interface ExpiredPart {
  table: string;
  name: string;
}

const mebibyte = 1024 * 1024;
const floorShare = 0.05;
const minFloorBytes = 32 * mebibyte;
const maxFloorBytes = 1024 * mebibyte;
/** Of the floor, until merges go on: room for a little more than stopping them took. */
const resumeFactor = 1.5;
const dropEveryMs = 60_000;

/** Less than this free, and merges stop. */
export function mergeFloorBytes(totalBytes: number): number {
  return Math.min(maxFloorBytes, Math.max(minFloorBytes, totalBytes * floorShare));
}

export class DiskGuard {
  readonly #options: DiskGuardOptions;
  readonly #timer: NodeJS.Timeout;
  #isStopped = false;
  /** Statements that wait for merges, such as those of a migration. */
  #needed = 0;
  #droppedAtMs = -Infinity;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: DiskGuardOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), options.intervalMs ?? 500).unref();
  }

  /** Looks at the disk now; one look at a time. */
  async look(): Promise<void> {
    this.#turn = this.#turn.then(async () => this.#look());
    return this.#turn;
  }

  /** Some statements wait until merges have done their part: `ALTER … MODIFY TTL`, `DROP INDEX`. */
  async withMerges<T>(work: () => Promise<T>): Promise<T> {
    this.#needed += 1;
    try {
      if (this.#isStopped) await this.look();
      return await work();
    } finally {
      this.#needed -= 1;
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#turn;
  }

  async #look(): Promise<void> {
    try {
      const { freeBytes, totalBytes } = (this.#options.space ?? this.#statfs)();
      const floorBytes = mergeFloorBytes(totalBytes);
      const isLow = freeBytes < floorBytes * (this.#isStopped ? resumeFactor : 1);
      const isStopped = isLow && this.#needed === 0;
      if (isStopped !== this.#isStopped) await this.#turnTo(isStopped, { freeBytes, floorBytes });
      if (this.#isStopped) await this.#dropExpired();
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the room on the disk could not be looked at');
    }
  }

  async #turnTo(isStopped: boolean, space: object): Promise<void> {
    const { path, run, logger } = this.#options;
    await run(isStopped ? 'SYSTEM STOP MERGES' : 'SYSTEM START MERGES');
    this.#isStopped = isStopped;
    if (isStopped) {
      this.#droppedAtMs = -Infinity;
      logger.warn(
        { path, ...space },
        'little is free on the disk: parts are not merged until there is more; free some space or shorten storage.retention',
      );
    } else {
      logger.info({ path, ...space }, 'parts are merged again');
    }
  }

  async #dropExpired(): Promise<void> {
    const { run, database, expiredParts, logger } = this.#options;
    const now = performance.now();
    if (now - this.#droppedAtMs < dropEveryMs) return;
    this.#droppedAtMs = now;
    for (const { table, name } of await expiredParts()) {
      await run(`ALTER TABLE \`${database}\`.\`${table}\` DROP PART '${name}'`);
      logger.info({ table, part: name }, 'dropped a part whose rows are past their retention');
    }
  }

  readonly #statfs = (): DiskSpace => {
    const { blocks, bavail, bsize } = statfsSync(this.#options.path);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  };
}
