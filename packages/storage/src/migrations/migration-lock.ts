/**
 * One process at a time changes the tables of a server. Replicas start together, and between the
 * statements of a migration a view may be missing: whoever stored rows then would lose them.
 *
 * The lock is the table `migration_lock_<n>` with the highest n. To make a table is the one thing that
 * ClickHouse lets a single caller succeed in. Its comment says until when it is held, by the server's
 * clock:
 *
 *     free, or held until a time that is over ── CREATE migration_lock_<n+1> ──▶ held by the maker
 *
 * The highest is never dropped, only told to be free, so that no number comes twice. Who made a table
 * and then sees a higher one was late, and drops its own. Not for the embedded engine: its folder is
 * one process's.
 */
import { hostname } from 'node:os';
import process from 'node:process';
import { sleep } from '@plimsoll/runtime';
import type { Engine } from '../engine.ts';
import type { StorageLogger } from '../logger.ts';
import { StorageError } from '../storage-error.ts';

export interface MigrationLockOptions {
  logger: StorageLogger;
  signal?: AbortSignal | undefined;
  /** Longest that one statement may take before another process may begin. Default 5 minutes. */
  leaseMs?: number;
  /** Between two looks at a lock that another holds. Default 1 s. */
  pollMs?: number;
}

export interface MigrationLock {
  /** Before each statement. @throws {StorageError} `engine` when another process has taken over */
  renew(): Promise<void>;
}

interface LockTable {
  number: number;
  /** Server's clock, milliseconds since 1970; 0 is free. */
  until: number;
  holder: string;
}

const prefix = 'migration_lock_';
const tableExists = 57;
const defaultLeaseMs = 300_000;
const defaultPollMs = 1000;

/** Waits for the lock, and gives it back whatever happens. */
export async function withMigrationLock<T>(
  engine: Engine,
  options: MigrationLockOptions,
  work: (lock: MigrationLock) => Promise<T>,
): Promise<T> {
  const own = await take(engine, options);
  try {
    return await work({ renew: () => renew(engine, own, options) });
  } finally {
    // What cannot be said now is over when the lease is.
    await mark(engine, own, 0).catch(() => undefined);
  }
}

async function take(engine: Engine, options: MigrationLockOptions): Promise<number> {
  const { signal, logger, leaseMs = defaultLeaseMs, pollMs = defaultPollMs } = options;
  let told = '';
  for (;;) {
    const { tables, now } = await readTables(engine, signal);
    const [highest] = tables;
    if (highest !== undefined && highest.until > now) {
      if (told !== highest.holder) {
        logger.info({ holder: highest.holder }, 'another process changes the tables: waiting');
      }
      told = highest.holder;
      await sleep(pollMs, signal);
      continue;
    }
    const number = (highest?.number ?? 0) + 1;
    if (await make(engine, number, now + leaseMs)) {
      await dropBelow(engine, number, tables);
      return number;
    }
  }
}

/** False when another was first. */
async function make(engine: Engine, number: number, until: number): Promise<boolean> {
  try {
    await engine.command(
      `CREATE TABLE ${prefix}${number} (unused UInt8) ENGINE = Null COMMENT '${commentOf(until)}'`,
    );
  } catch (error) {
    if (error instanceof StorageError && error.clickhouseCode === tableExists) return false;
    throw error;
  }
  const { tables } = await readTables(engine, undefined);
  if (tables[0]?.number === number) return true;
  await engine.command(`DROP TABLE IF EXISTS ${prefix}${number}`);
  return false;
}

async function dropBelow(
  engine: Engine,
  number: number,
  tables: readonly LockTable[],
): Promise<void> {
  for (const table of tables) {
    if (table.number >= number) continue;
    await engine.command(`DROP TABLE IF EXISTS ${prefix}${table.number}`);
  }
}

async function renew(
  engine: Engine,
  own: number,
  { leaseMs = defaultLeaseMs, signal }: MigrationLockOptions,
): Promise<void> {
  const { tables, now } = await readTables(engine, signal);
  const [highest] = tables;
  if (highest?.number !== own) {
    const holder = highest?.holder ?? 'nobody';
    throw new StorageError(
      'engine',
      `expected to hold the lock of the migrations, but ${holder} has taken it over; start again`,
    );
  }
  await mark(engine, own, now + leaseMs);
}

async function mark(engine: Engine, number: number, until: number): Promise<void> {
  await engine.command(`ALTER TABLE ${prefix}${number} MODIFY COMMENT '${commentOf(until)}'`);
}

/** Names of hosts have no quotes. */
function commentOf(until: number): string {
  return `until ${until} by ${hostname().replaceAll(/[^\w.-]/g, '_')} process ${process.pid}`;
}

/** Highest first. */
async function readTables(
  engine: Engine,
  signal: AbortSignal | undefined,
): Promise<{ tables: LockTable[]; now: number }> {
  const rows = await engine.select<{ name: string; comment: string; now: number }>(
    `SELECT name, comment, 0 AS now FROM system.tables
     WHERE database = {database:String} AND match(name, '^${prefix}[0-9]+$')
     UNION ALL SELECT '', '', toUnixTimestamp64Milli(now64(3))`,
    { params: { database: engine.schema.database }, ...(signal && { signal }) },
  );
  const now = rows.find(({ name }) => name === '')?.now ?? 0;
  const tables = rows
    .filter(({ name }) => name !== '')
    .map(({ name, comment }) => {
      const [, until = '0', holder = 'unknown'] = /^until (\d+) by (.*)$/.exec(comment) ?? [];
      return { number: Number(name.slice(prefix.length)), until: Number(until), holder };
    })
    .toSorted((a, b) => b.number - a.number);
  return { tables, now };
}
