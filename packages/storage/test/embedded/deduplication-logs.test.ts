import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEngine, type Engine } from '../../src/index.ts';
import { forgetUnfinished } from '../../src/embedded/deduplication-logs.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-tokens-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

describe('in the real engine', () => {
  const open = async (): Promise<Engine> =>
    openEngine({ mode: 'embedded', path: join(folder, 'engine'), database: 'plimsoll' });
  const insert = async (engine: Engine, id: number): Promise<void> => {
    await engine.insert({
      table: 't',
      columns: ['id'],
      format: 'JSONCompactEachRow',
      data: Buffer.from(`[${id}]\n`),
      token: `token-${id}`,
    });
  };
  const ids = async (engine: Engine): Promise<number[]> => {
    const rows = await engine.select<{ id: number }>('SELECT id FROM t ORDER BY id');
    return rows.map(({ id }) => id);
  };

  test('an insert whose part never got its name is stored when it is repeated', async () => {
    let engine = await open();
    await engine.command(
      'CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100',
    );
    for (const id of [1, 2, 3]) await insert(engine, id);
    await engine.close();
    // As kill -9 leaves it between the line in the log and the rename.
    const find = ['-c', `find '${folder}/engine/store' -name 'all_3_3_0'`];
    const part = execFileSync('sh', find, { encoding: 'utf8' }).trim();
    expect(part).not.toBe('');
    await rm(part, { recursive: true });
    engine = await open();
    expect(await ids(engine)).toEqual([1, 2]);
    for (const id of [1, 2, 3]) await insert(engine, id);
    expect(await ids(engine)).toEqual([1, 2, 3]);
    await engine.close();
  });
});

describe('the log', () => {
  const table = (): string => join(folder, 'store/abc/abc-1');
  const log = (): string => join(table(), 'deduplication_logs/deduplication_log_2.txt');
  const setUp = async (parts: string[], text: string): Promise<void> => {
    for (const part of parts) await mkdir(join(table(), part), { recursive: true });
    await mkdir(join(table(), 'deduplication_logs'), { recursive: true });
    await writeFile(join(table(), 'deduplication_logs/deduplication_log_1.txt'), 'old\n');
    await writeFile(log(), text);
  };
  const line = (part: string): string => `1\t${part}\t${part}_token\n`;

  test.each([
    { what: 'a part that is there', parts: ['all_1_1_0'], last: line('all_1_1_0') },
    { what: 'a part that was merged', parts: ['all_1_9_2'], last: line('all_5_5_0') },
    { what: 'a part that a mutation changed', parts: ['all_5_5_0_7'], last: line('all_5_5_0') },
    { what: 'a line that a drop wrote', parts: [], last: '2\tall_1_1_0\tx\n' },
    { what: 'nothing', parts: [], last: '' },
    { what: 'what names no part', parts: [], last: '1\tnonsense\tx\n' },
  ])('$what: stays', async ({ parts, last }) => {
    await setUp(parts, last);
    expect(await forgetUnfinished(folder)).toBe(0);
    expect(await readFile(log(), 'utf8')).toBe(last);
  });

  test.each([
    {
      what: 'a part without its name',
      parts: ['all_1_1_0', 'tmp_insert_all_2_2_0'],
      last: line('all_2_2_0'),
    },
    {
      what: 'a part of another partition',
      parts: ['all_1_1_0', '20260101_2_2_0'],
      last: line('20260102_2_2_0'),
    },
    { what: 'a line cut short', parts: ['all_1_1_0'], last: '1\tall_2' },
  ])('$what: is taken out', async ({ parts, last }) => {
    await setUp(parts, line('all_1_1_0') + last);
    expect(await forgetUnfinished(folder)).toBe(1);
    expect(await readFile(log(), 'utf8')).toBe(line('all_1_1_0'));
  });

  test('no folder, no work', async () => {
    expect(await forgetUnfinished(join(folder, 'absent'))).toBe(0);
  });
});
