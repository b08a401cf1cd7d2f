import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { migrate } from '../../src/index.ts';
import { rejection } from '../support/settled.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

let directory: string;
let opened: TestEngine;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'plimsoll-migrations-'));
  opened = await openTestEngine({ isMigrated: false });
});
afterEach(async () => {
  await opened[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const write = async (name: string, text: string): Promise<void> =>
  writeFile(join(directory, name), text);
const table = (name: string): string =>
  `CREATE TABLE IF NOT EXISTS ${name} (a UInt8) ENGINE = MergeTree ORDER BY a;\n`;
const tables = async (): Promise<string[]> => {
  const rows = await opened.engine.select<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = 'plimsoll' AND name != 'schema_migrations' ORDER BY name",
  );
  return rows.map(({ name }) => name);
};

describe('migrations', () => {
  test('run once, in order; later ones are added', async () => {
    await write('0001_first.sql', table('a') + table('b'));
    expect(await migrate(opened.engine, { directory })).toMatchObject({
      version: 1,
      statementsRun: 2,
    });
    expect(await migrate(opened.engine, { directory })).toMatchObject({
      version: 1,
      statementsRun: 0,
    });
    await write('0002_second.sql', table('c'));
    expect(await migrate(opened.engine, { directory })).toMatchObject({
      version: 2,
      statementsRun: 1,
    });
    expect(await tables()).toEqual(['a', 'b', 'c']);
  });

  test('go on after a statement that failed', async () => {
    await write(
      '0001_first.sql',
      `${table('a')} CREATE TABLE broken (a Nonsense) ENGINE = Memory; ${table('c')}`,
    );
    await rejection(migrate(opened.engine, { directory }));
    expect(await tables()).toEqual(['a']);
    // What failed was never applied, so that mending it is no change of what was.
    await opened.engine.command(
      'ALTER TABLE schema_migrations DELETE WHERE 1 SETTINGS mutations_sync = 1',
    );
    await write('0001_first.sql', table('a') + table('b') + table('c'));
    await migrate(opened.engine, { directory });
    expect(await tables()).toEqual(['a', 'b', 'c']);
  });

  test('repeat the statement whose record a crash lost', async () => {
    await write('0001_first.sql', table('a') + table('b'));
    await migrate(opened.engine, { directory });
    await opened.engine.command(
      'ALTER TABLE schema_migrations DELETE WHERE statement = 1 SETTINGS mutations_sync = 1',
    );
    expect(await migrate(opened.engine, { directory })).toMatchObject({ statementsRun: 1 });
  });

  test('refuse a migration that was changed after it was applied', async () => {
    await write('0001_first.sql', table('a'));
    await migrate(opened.engine, { directory });
    await write('0001_first.sql', `${table('a')}-- changed\n`);
    const error = await rejection(migrate(opened.engine, { directory }));
    expect(error).toMatchObject({ code: 'migration_mismatch' });
    expect(String(error)).toContain('0001'.slice(-1));
    expect(String(error)).toContain('restore the file');
  });

  test('refuse a database that is newer', async () => {
    await write('0001_first.sql', table('a'));
    await write('0002_second.sql', table('b'));
    await migrate(opened.engine, { directory });
    await rm(join(directory, '0002_second.sql'));
    const error = await rejection(migrate(opened.engine, { directory }));
    expect(error).toMatchObject({ code: 'migration_mismatch' });
    expect(String(error)).toContain('start the newer version');
  });

  test.each(['1_short.sql', '0002_gap.sql', '0001_Upper.sql'])(
    'refuse the name %s',
    async (name) => {
      await write(name, table('a'));
      expect(await rejection(migrate(opened.engine, { directory }))).toMatchObject({
        code: 'migration_mismatch',
      });
    },
  );
});

describe('settings of the engine in this process', () => {
  const without = async (): Promise<string[]> => {
    const rows = await opened.engine.select<{ name: string }>(
      `SELECT name FROM system.tables WHERE database = 'plimsoll' AND engine LIKE '%MergeTree'
         AND NOT (engine_full LIKE '%old_parts_lifetime = 120%' AND engine_full LIKE '%min_rows_to_fsync_after_merge = 1%')`,
    );
    return rows.map(({ name }) => name);
  };

  test('merges are flushed, and what they read is kept, in every table', async () => {
    await migrate(opened.engine);
    expect(await without()).toEqual([]);
  });

  test('also where the tables are older than that, and only once', async () => {
    await write('0001_first.sql', table('a'));
    await migrate(opened.engine, { directory });
    await opened.engine.command('ALTER TABLE a RESET SETTING old_parts_lifetime');
    expect(await without()).toEqual(['a']);
    const command = vi.spyOn(opened.engine, 'command');
    await migrate(opened.engine, { directory });
    expect(command).toHaveBeenCalledWith('ALTER TABLE a MODIFY SETTING old_parts_lifetime = 120');
    command.mockClear();
    await migrate(opened.engine, { directory });
    expect(command).not.toHaveBeenCalled();
    expect(await without()).toEqual([]);
  });
});

describe('retention', () => {
  const day = 86_400_000;
  const retention = {
    logs: 14 * day,
    container_stats: 30 * day,
    host_stats: 90 * day,
    events: 90 * day,
    alerts: 0,
    samples: 30 * day,
  };
  const ttl = async (name: string): Promise<string> => {
    const [row] = await opened.engine.select<{ engine: string }>(
      "SELECT engine_full AS engine FROM system.tables WHERE database = 'plimsoll' AND name = {name:String}",
      { params: { name } },
    );
    return / TTL (.*?) SETTINGS/.exec(row?.engine ?? '')?.[1] ?? '';
  };

  test('is set, changed and taken away by configuration', async () => {
    await migrate(opened.engine, { retention });
    expect(await ttl('logs')).toBe('ingested_at + toIntervalSecond(1209600)');
    expect(await ttl('alerts')).toBe('');
    expect((await migrate(opened.engine, { retention })).retentionChanged).toEqual([]);
    const changed = await migrate(opened.engine, {
      retention: { ...retention, logs: 0, events: day },
    });
    expect(changed.retentionChanged).toEqual(['logs', 'log_ranges', 'events', 'targets']);
    expect(await ttl('logs')).toBe('');
    expect(await ttl('events')).toContain('toIntervalSecond(86400)');
  });

  test('shorter than the reach of a repeat, ranges are kept all the same', async () => {
    await migrate(opened.engine, { retention: { ...retention, logs: day } });
    expect(await ttl('log_ranges')).toContain(`toIntervalSecond(${30 * 86_400})`);
  });

  test('expired rows go', async () => {
    await migrate(opened.engine, { retention });
    await opened.engine.insert({
      table: 'logs',
      columns: ['time', 'ingested_at', 'message'],
      format: 'JSONEachRow',
      data: Buffer.from(
        [
          { time: '2020-01-01 00:00:00', ingested_at: '2020-01-01 00:00:00', message: 'old' },
          {
            time: '2020-01-01 00:00:00',
            ingested_at: '2100-01-01 00:00:00',
            message: 'old, read late',
          },
        ]
          .map((row) => JSON.stringify(row))
          .join('\n'),
      ),
    });
    await opened.engine.command('OPTIMIZE TABLE logs FINAL');
    expect(await opened.engine.select('SELECT message FROM logs')).toEqual([
      { message: 'old, read late' },
    ]);
  });
});
