/** The files for a ClickHouse server, as far as the embedded engine can judge them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { migrate, openEngine, type Engine } from '@plimsoll/storage';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const infra = resolve(import.meta.dirname, '../../infra/clickhouse');
const users = readFileSync(join(infra, 'users.d/plimsoll.xml'), 'utf8');
const server = readFileSync(join(infra, 'config.d/plimsoll.xml'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-clickhouse-'));

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ mode: 'embedded', path: folder, database: 'plimsoll' });
  await migrate(engine);
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const grants = [...users.matchAll(/<query>(.*?)<\/query>/g)].map(([, query = '']) => query);
const textOf = (name: string, xml: string): string =>
  new RegExp(`<${name}>([^]*?)</${name}>`).exec(xml)?.[1] ?? '';
const childrenOf = (xml: string): string[] =>
  [...xml.matchAll(/<(\w+)>[^<]*<\/\1>/g)].map(([, name = '']) => name);

test.each([
  ['users.d', users],
  ['config.d', server],
])('%s is well-formed', (_, xml) => {
  const tags = xml.replaceAll(/<!--[^]*?-->/g, '').matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g);
  const open: string[] = [];
  const crossed: string[] = [];
  for (const [, isEnd, name = '', isEmpty] of tags) {
    if (isEmpty === '/') continue;
    if (isEnd !== '/') open.push(name);
    else if (open.pop() !== name) crossed.push(name);
  }
  expect([open, crossed]).toEqual([[], []]);
});

describe('users', () => {
  test.each(grants)('%s is understood, and of tables that there are', async (grant) => {
    // In a file the user stands around it.
    const parsed = engine.select('SELECT formatQuery({grant:String})', {
      params: { grant: `${grant} TO somebody` },
    });
    await expect(parsed).resolves.toHaveLength(1);
    const table = /ON plimsoll\.(\w+)/.exec(grant)?.[1];
    if (table === undefined) return;
    await expect(engine.select(`SELECT 1 FROM ${table} LIMIT 0`)).resolves.toEqual([]);
  });

  test('who is not named does not come in', () => {
    expect(users).toContain('<default remove="remove"/>');
    expect(users).not.toMatch(/<password>/);
  });

  test('only one may change tables, and only two may write rows of collectors', () => {
    const may = (user: string): string => textOf(user, users);
    for (const user of ['plimsoll_ingest', 'plimsoll_query', 'plimsoll_alerting']) {
      expect(may(user)).not.toMatch(/CREATE|DROP|ALTER|ALL\b/);
    }
    expect(may('plimsoll_query')).not.toContain('INSERT');
    expect(may('plimsoll_alerting')).not.toContain('INSERT ON plimsoll.*');
    // What it is told in addition goes nowhere else.
    for (const grant of grants) expect(grant).not.toMatch(/ON \*\.\*|WITH GRANT OPTION/);
  });
});

describe('settings', () => {
  const known = async (table: string): Promise<string[]> => {
    const rows = await engine.select<{ name: string }>(`SELECT name FROM system.${table}`);
    return rows.map(({ name }) => name);
  };

  test('of profiles are those of the engine', async () => {
    const profiles = childrenOf(textOf('profiles', users));
    expect(profiles.length).toBeGreaterThan(4);
    expect(await known('settings')).toEqual(expect.arrayContaining(profiles));
  });

  test('of tables and of the server are those of the engine', async () => {
    const ofTables = childrenOf(textOf('merge_tree', server));
    expect(ofTables).toContain('fsync_after_insert');
    expect(await known('merge_tree_settings')).toEqual(expect.arrayContaining(ofTables));
    const ofServer = childrenOf(server).filter((name) =>
      ['max_server_memory_usage_to_ram_ratio', 'background_pool_size'].includes(name),
    );
    expect(ofServer).toHaveLength(2);
    expect(await known('server_settings')).toEqual(expect.arrayContaining(ofServer));
  });
});
