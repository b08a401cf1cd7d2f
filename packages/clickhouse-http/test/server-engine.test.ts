/** The server engine against a real ClickHouse, and what networks and dying servers do to it. */
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  migrate,
  openEngine,
  type ClusterOptions,
  type Engine,
  type OpenEngineOptions,
} from '@plimsoll/storage';
import { startFaultProxy, type Fault, type FaultProxy } from './support/fault-proxy.ts';
import { serve, type Served } from './support/serve.ts';

let http: Served;
let proxy: FaultProxy;
let second: FaultProxy;
const engines: Engine[] = [];
const admin = { username: 'admin', password: 'all' };

const cluster: ClusterOptions = {
  name: 'fleet',
  path: '/clickhouse/tables/{shard}/{database}/{table}',
  replica: '{replica}',
  storagePolicy: null,
  cold: null,
  insertQuorum: 1,
};

async function rejection(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}

beforeAll(async () => {
  http = await serve();
  await migrate(http.engine);
  // In place of what would be replicated and distributed.
  for (const sql of [
    'CREATE DATABASE plimsoll_local',
    'CREATE TABLE plimsoll_local.log_ranges AS plimsoll.log_ranges ENGINE = Null',
    'CREATE MATERIALIZED VIEW plimsoll_local.there TO plimsoll.log_ranges AS SELECT * FROM plimsoll_local.log_ranges',
  ]) {
    await http.engine.command(sql);
  }
});
afterAll(async () => {
  await http[Symbol.asyncDispose]();
});
beforeEach(async () => {
  proxy = await startFaultProxy(http.url);
  second = await startFaultProxy(http.url);
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
  await proxy[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
});

const open = async (options: Partial<OpenEngineOptions> = {}): Promise<Engine> => {
  const engine = await openEngine({
    mode: 'server',
    path: '',
    url: proxy.url,
    ...admin,
    database: 'plimsoll',
    connectTimeoutMs: 1_000,
    insertTimeoutMs: 1_500,
    ...options,
  });
  engines.push(engine);
  return engine;
};

const isInsert = (statement: string): boolean => statement.startsWith('INSERT');

let files = 0;
const newFile = (): string => `file-${(files += 1)}`;

interface InsertOptions {
  file: string;
  rows?: number;
  token?: string;
  notAfterMs?: number;
  signal?: AbortSignal;
  partition?: string;
}

const insert = async (engine: Engine, options: InsertOptions): Promise<void> => {
  const { file, rows = 1, ...rest } = options;
  const lines = Array.from({ length: rows }, (_, row) => `["${file}",${row},${row + 1}]\n`);
  await engine.insert({
    table: 'log_ranges',
    columns: ['file_id', 'start', 'end'],
    format: 'JSONCompactEachRow',
    data: lines.map((line) => Buffer.from(line)),
    ...rest,
  });
};

const stored = async (engine: Engine, file: string): Promise<number> => {
  const rows = await engine.select<{ rows: number }>(
    'SELECT count() AS rows FROM log_ranges WHERE file_id = {file:String}',
    { params: { file } },
  );
  return rows[0]?.rows ?? -1;
};

describe('an insert with a token', () => {
  test.each(['swallow', 'refuse'] as const)(
    '%s: is repeated at once, stored once',
    async (fault) => {
      const engine = await open();
      const file = newFile();
      proxy.next([fault], isInsert);
      await insert(engine, { file, rows: 3, token: file });
      expect(await stored(engine, file)).toBe(3);
      expect(proxy.statements.filter(isInsert)).toHaveLength(2);
    },
  );

  test.each(['swallow', 'lose', 'refuse', 'unavailable', 'stall'] as const)(
    '%s: fails with a code that may be tried again, and is then stored once',
    async (fault) => {
      const engine = await open();
      const file = newFile();
      proxy.next([fault, fault], isInsert);
      const codes = {
        swallow: 'unreachable',
        refuse: 'unreachable',
        lose: 'timeout',
        stall: 'timeout',
        unavailable: 'engine',
      } satisfies Partial<Record<Fault, string>>;
      const error = await rejection(insert(engine, { file, rows: 3, token: file }));
      expect(error).toMatchObject({ code: codes[fault] });
      proxy.next([]);
      await insert(engine, { file, rows: 3, token: file });
      expect(await stored(engine, file)).toBe(3);
    },
  );

  test('a body that is never read ends at the time limit, however large', async () => {
    const engine = await open();
    proxy.next(['stall'], isInsert);
    const started = performance.now();
    const file = newFile();
    const error = await rejection(insert(engine, { file, rows: 200_000, token: file }));
    expect(error).toMatchObject({ code: 'timeout' });
    expect(performance.now() - started).toBeLessThan(6_000);
  });

  test('bad data is said only when it is refused twice', async () => {
    const engine = await open();
    const file = newFile();
    proxy.next(['truncate'], isInsert);
    await insert(engine, { file, rows: 3, token: file });
    expect(await stored(engine, file)).toBe(3);
    proxy.next(['truncate', 'truncate'], isInsert);
    const again = newFile();
    expect(await rejection(insert(engine, { file: again, token: again }))).toMatchObject({
      code: 'bad_data',
    });
    expect(await stored(engine, again)).toBe(0);
  });

  test('an abort ends it', async () => {
    const engine = await open();
    const abort = new AbortController();
    proxy.next(['lose'], isInsert);
    const file = newFile();
    const work = rejection(insert(engine, { file, token: file, signal: abort.signal }));
    setTimeout(() => abort.abort(), 100);
    expect(await work).toMatchObject({ code: 'aborted' });
    await insert(engine, { file, token: file });
    expect(await stored(engine, file)).toBe(1);
  });
});

test('rows and results may be compressed both ways', async () => {
  const engine = await open({ isCompressed: true });
  const file = newFile();
  await insert(engine, { file, rows: 5_000, token: file });
  expect(await stored(engine, file)).toBe(5_000);
  const rows = await engine.select('SELECT number AS n FROM numbers(20000)');
  expect(rows).toHaveLength(20_000);
  expect(await rejection(engine.select('SELECT nothing'))).toMatchObject({ code: 'invalid_query' });
});

test('a stream that is given up in the middle ends', async () => {
  const engine = await open({ url: http.url });
  const abort = new AbortController();
  const read = async (): Promise<void> => {
    const batches = engine.stream('SELECT number FROM numbers(100000000000)', {
      signal: abort.signal,
    });
    for await (const batch of batches) if (batch.length > 0) abort.abort();
  };
  expect(await rejection(read())).toMatchObject({ code: 'aborted' });
  expect(await engine.select('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('an insert without a token is not repeated by itself', async () => {
  const engine = await open();
  proxy.next(['swallow'], isInsert);
  expect(await rejection(insert(engine, { file: newFile() }))).toMatchObject({
    code: 'unreachable',
  });
  expect(proxy.statements.filter(isInsert)).toHaveLength(1);
});

test('a server that closes idle connections is no failure', async () => {
  const engine = await open({ readConnections: 2 });
  proxy.always('close');
  for (let times = 0; times < 30; times++) {
    expect(await engine.select('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  }
  const file = newFile();
  for (let row = 0; row < 10; row++) await insert(engine, { file, token: `${file}-${row}` });
  expect(await stored(engine, file)).toBe(10);
});

describe('leases', () => {
  test('are by the server’s clock, however wrong it is', async () => {
    for (const skewMs of [-7_200_000, 0, 7_200_000]) {
      proxy.setClock(skewMs);
      const engine = await open();
      const file = newFile();
      await insert(engine, { file, token: file, notAfterMs: performance.now() + 5_000 });
      expect(await stored(engine, file)).toBe(1);
      const lease = proxy.leases.at(-1) ?? 0;
      expect(Math.abs(lease - (Date.now() + skewMs + 5_000))).toBeLessThan(2_000);
    }
    proxy.setClock(0);
  });

  test('the clock is read again when the server refuses one', async () => {
    const engine = await open();
    const file = newFile();
    proxy.setClock(-60_000);
    await insert(engine, { file, notAfterMs: performance.now() + 65_000 });
    proxy.setClock(0);
    // By the clock as it was, this lease has ended long ago.
    const late = async (): Promise<void> =>
      insert(engine, { file, token: file, notAfterMs: performance.now() + 30_000 });
    expect(await rejection(late())).toMatchObject({ code: 'lease_expired' });
    await late();
    expect(await stored(engine, file)).toBe(2);
  });
});

describe('two replicas', () => {
  test('several URLs without a cluster are refused', async () => {
    const error = await rejection(open({ urls: [proxy.url, second.url] }));
    expect(String(error)).toContain('storage.cluster');
  });

  test.each(['refuse', 'lose', 'swallow'] as const)(
    'the second is used when the first fails: %s',
    async (fault) => {
      const engine = await openReplicas();
      proxy.always(fault);
      const file = newFile();
      await insert(engine, { file, rows: 2, token: file });
      expect(await stored(engine, file)).toBe(2);
      expect(engine.endpoints()).toMatchObject([
        { isCurrent: false, reason: expect.stringMatching(/./) as unknown },
        { isCurrent: true, reason: null },
      ]);
      await engine.ping();
      proxy.always('pass');
      await engine.ping();
      expect(engine.endpoints().map(({ reason }) => reason)).toEqual([null, null]);
    },
  );

  test('none: the error and the ping name both', async () => {
    const engine = await openReplicas();
    proxy.always('refuse');
    second.always('refuse');
    expect(String(await rejection(engine.select('SELECT 1')))).toMatch(
      new RegExp(`${proxy.url}.*${second.url}`),
    );
    expect(String(await rejection(engine.ping()))).toMatch(new RegExp(second.url));
  });

  test('rows of a partition go to its shard, and are asked for there', async () => {
    const engine = await open({ shards: [[proxy.url], [second.url]], cluster });
    for (const partition of ['logs/0', 'logs/1', 'logs/3']) {
      await insert(engine, { file: partition, token: partition, partition });
    }
    const inserts = [proxy, second].map(({ statements }) => statements.filter(isInsert).length);
    expect(inserts).toEqual([1, 2]);
  });

  const openReplicas = async (): Promise<Engine> =>
    open({ urls: [proxy.url, second.url], cluster, insertTimeoutMs: 2_000 });
});

describe('connecting', () => {
  let silent: Server;
  beforeEach(async () => {
    silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => silent.close());

  test('a TLS server that never shakes hands is given up in time', async () => {
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const started = performance.now();
    const error = await rejection(open({ url: `https://127.0.0.1:${port}` }));
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('nobody there', async () => {
    const error = await rejection(open({ url: 'http://127.0.0.1:1' }));
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(String(error)).toContain('check storage.url');
  });
});
