/**
 * Makes the engine's memory of tokens as durable as its rows.
 *
 * A table remembers the tokens of its last blocks in `deduplication_logs/deduplication_log_<n>.txt`
 * beside its parts, one line for each: `1 TAB part TAB block LF` added, `2 …` dropped. The engine (26.7)
 * writes the line, then gives the part its final name, and flushes only the part. So
 *
 * - a process that is killed between the two leaves a line without a part: the repeat of that insert
 *   would be taken for known, and its rows would be lost. `forgetUnfinished` takes such lines out
 *   before the engine opens. It is the last line at most: the engine holds a lock over both steps.
 * - a power failure may leave a part without its line: the repeat would be stored twice. `flush`, before
 *   an insert is acknowledged, leaves only what nobody was told was stored.
 */
import { open, readdir, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

const relistMs = 10_000;

/** Lines that a power failure may have left without a part, of inserts under way at once. */
const maxUnfinished = 8;

/**
 * @param path data folder of the engine, which is not open
 * @returns lines taken out
 */
export async function forgetUnfinished(path: string): Promise<number> {
  let forgotten = 0;
  for (const folder of await logFolders(path)) {
    for (let count = 0; count < maxUnfinished; count++) {
      if (!(await forgetLastIfUnfinished(folder))) break;
      forgotten += 1;
    }
  }
  return forgotten;
}

export class DeduplicationLogs {
  readonly #path: string;
  readonly #flushed = new Map<string, bigint>();
  #folders: Promise<string[]> | undefined;
  #listedAtMs = 0;

  /** @param path data folder of the engine */
  constructor(path: string) {
    this.#path = path;
  }

  /** After DDL: there may be other tables. What others do is seen within seconds. */
  forgetTables(): void {
    this.#folders = undefined;
  }

  /** Resolves when each line that was written before is on the disk. */
  async flush(): Promise<void> {
    const now = performance.now();
    if (!this.#folders || now - this.#listedAtMs > relistMs) {
      this.#folders = logFolders(this.#path);
      this.#listedAtMs = now;
    }
    await Promise.all((await this.#folders).map(async (folder) => this.#flush(folder)));
  }

  async #flush(folder: string): Promise<void> {
    try {
      const log = await newestLog(folder);
      if (log === null) return;
      const { mtimeNs } = await stat(log, { bigint: true });
      if (this.#flushed.get(log) === mtimeNs) return;
      const handle = await open(log, 'r+');
      try {
        await handle.datasync();
      } finally {
        await handle.close();
      }
      this.#flushed.set(log, mtimeNs);
    } catch (error) {
      // The table was dropped, or the log was replaced by its successor, which the engine flushed.
      if (!isAbsent(error)) throw error;
      this.forgetTables();
    }
  }
}

async function forgetLastIfUnfinished(folder: string): Promise<boolean> {
  const log = await newestLog(folder);
  if (log === null) return false;
  const bytes = await readFile(log);
  if (bytes.length === 0) return false;
  // A line that a power failure cut short was never acted upon, and would stop the engine reading.
  const isWhole = bytes.at(-1) === newline;
  const start = bytes.lastIndexOf(newline, bytes.length - 2) + 1;
  if (isWhole) {
    const [operation, part] = bytes.toString('utf8', start).split('\t');
    if (operation !== '1' || part === undefined) return false;
    if (await isStored(join(folder, '..'), part)) return false;
  }
  await truncate(log, isWhole ? start : bytes.lastIndexOf(newline) + 1);
  return true;
}

/** Whether a part, or one that it was merged into, has its final name. */
async function isStored(table: string, part: string): Promise<boolean> {
  const wanted = parsePart(part);
  if (!wanted) return true;
  for (const name of await readdir(table)) {
    const known = parsePart(name);
    if (known?.partition !== wanted.partition) continue;
    if (known.first <= wanted.first && known.last >= wanted.last) return true;
  }
  return false;
}

/** `<partition>_<first block>_<last block>_<level>[_<mutation>]` */
function parsePart(name: string): { partition: string; first: number; last: number } | null {
  const match = /^([A-Za-z0-9-]+)_(\d+)_(\d+)_\d+(?:_\d+)?$/.exec(name);
  if (!match) return null;
  return { partition: match[1] ?? '', first: Number(match[2]), last: Number(match[3]) };
}

/** Tables are in `store/<three characters>/<uuid>`. */
async function logFolders(path: string): Promise<string[]> {
  const folders: string[] = [];
  const store = join(path, 'store');
  for (const prefix of await entries(store)) {
    for (const table of await entries(join(store, prefix))) {
      const folder = join(store, prefix, table, 'deduplication_logs');
      if ((await entries(folder)).length > 0) folders.push(folder);
    }
  }
  return folders;
}

async function newestLog(folder: string): Promise<string | null> {
  let newest = -1;
  for (const name of await entries(folder)) {
    const number = /^deduplication_log_(\d+)\.txt$/.exec(name)?.[1];
    if (number !== undefined) newest = Math.max(newest, Number(number));
  }
  return newest < 0 ? null : join(folder, `deduplication_log_${newest}.txt`);
}

async function entries(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ENOENT' || error.code === 'ENOTDIR')
  );
}

const newline = 10;
