import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { mergeFloorBytes } from '../../src/embedded/disk-guard.ts';
import { EmbeddedEngine } from '../../src/embedded/embedded-engine.ts';
import { silentLogger } from '../../src/logger.ts';
import { rejection } from '../support/settled.ts';

const gibibyte = 1024 ** 3;
const totalBytes = 100 * gibibyte;
const plenty = 50 * gibibyte;
const little = 100 * 1024 ** 2;

let folder: string;
let engine: EmbeddedEngine;
let freeBytes = plenty;
const said: string[] = [];
const note = (_fields: object, message: string): void => void said.push(message);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-disk-'));
  engine = await EmbeddedEngine.open({
    path: join(folder, 'engine'),
    database: 'plimsoll',
    insertConnections: 1,
    readConnections: 2,
    adhocConnections: 1,
    maxWaiting: 8,
    logger: { ...silentLogger, info: note, warn: note },
    diskSpace: () => ({ freeBytes, totalBytes }),
  });
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await hasFree(plenty);
  said.length = 0;
});

test('merges stop while little is free, those under way too, and go on when there is room', async () => {
  await tableOfTwoParts();
  await hasFree(little);
  expect(said).toEqual([expect.stringContaining('parts are not merged until there is more')]);
  expect(await rejection(merge())).toMatchObject({ message: /merg/i });
  expect(await activeParts()).toBe(2);

  // Room for a moment is not enough, lest it goes to and fro.
  await hasFree(1.2 * gibibyte);
  expect(said).toHaveLength(1);

  await hasFree(plenty);
  expect(said.at(-1)).toBe('parts are merged again');
  await merge();
  expect(await activeParts()).toBe(1);
});

test('a statement that waits for merges ends all the same', async () => {
  await tableOfTwoParts();
  await hasFree(little);
  await engine.command('ALTER TABLE t DELETE WHERE id = 1 SETTINGS mutations_sync = 2', {
    maxExecutionMs: 15_000,
  });
  expect(await engine.select('SELECT id FROM t')).toEqual([{ id: 2 }]);
  await hasFree(little);
  expect(said.at(-1)).toContain('parts are not merged');
});

test('parts whose rows are all past their retention are dropped meanwhile, and no others', async () => {
  await engine.command('DROP TABLE IF EXISTS t SYNC');
  await engine.command(
    `CREATE TABLE t (id UInt32, time DateTime) ENGINE = MergeTree ORDER BY id
     TTL time + INTERVAL 1 DAY SETTINGS ttl_only_drop_parts = 1, merge_with_ttl_timeout = 100000`,
  );
  await raw('SYSTEM STOP TTL MERGES');
  await engine.command(`INSERT INTO t VALUES (1, '2020-01-01 00:00:00')`);
  await engine.command(`INSERT INTO t SELECT 2, now()`);
  await hasFree(little);
  expect(await engine.select('SELECT id FROM t')).toEqual([{ id: 2 }]);
  expect(said).toContain('dropped a part whose rows are past their retention');
});

test('the floor is a share of the disk, within bounds', () => {
  expect(mergeFloorBytes(10 * gibibyte)).toBe(0.5 * gibibyte);
  expect(mergeFloorBytes(10_000 * gibibyte)).toBe(gibibyte);
  expect(mergeFloorBytes(0.1 * gibibyte)).toBe(32 * 1024 ** 2);
});

async function merge(): Promise<void> {
  await raw('OPTIMIZE TABLE plimsoll.t FINAL');
}

/** Unlike `command` it lets merges be as they are. */
async function raw(sql: string): Promise<void> {
  const connection = await engine.raw.connect();
  try {
    await connection.run(sql);
  } finally {
    connection.close();
  }
}

async function tableOfTwoParts(): Promise<void> {
  await engine.command('DROP TABLE IF EXISTS t SYNC');
  await engine.command('CREATE TABLE t (id UInt32) ENGINE = MergeTree ORDER BY id');
  await engine.command('INSERT INTO t VALUES (1)');
  await engine.command('INSERT INTO t VALUES (2)');
}

async function activeParts(): Promise<number> {
  const [row] = await engine.select<{ parts: number }>(
    `SELECT count() AS parts FROM system.parts WHERE active AND table = 't'`,
  );
  return row?.parts ?? 0;
}

/** Until the engine has looked. */
async function hasFree(bytes: number): Promise<void> {
  freeBytes = bytes;
  await engine.disk.look();
}
