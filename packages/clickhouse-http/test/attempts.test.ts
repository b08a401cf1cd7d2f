/**
 * What no user may reach, what a level of access may not do, and that attempts leave nothing behind.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve, type Served } from './support/serve.ts';

let served: Served;
let secretFile: string;
let outFile: string;
beforeAll(async () => {
  served = await serve();
  secretFile = join(served.folder, 'secret.txt');
  outFile = join(served.folder, 'out.txt');
  writeFileSync(secretFile, 'top secret\n');
  await served.engine.command(
    'CREATE TABLE logs (a UInt64, message String) ENGINE = MergeTree ORDER BY a',
  );
  await served.engine.command("INSERT INTO logs VALUES (1, 'x')");
});
afterAll(async () => served[Symbol.asyncDispose]());

interface Answer {
  status: number;
  code: string | null;
  text: string;
}

async function attempt(
  user: string,
  sql: string,
  params: Record<string, string> = {},
): Promise<Answer> {
  const query = sql.replaceAll('@secret@', secretFile).replaceAll('@out@', outFile);
  const response = await served.ask('', { user, body: query, params });
  const text = await response.text();
  expect(text).not.toContain('top secret');
  expect(existsSync(outFile)).toBe(false);
  return {
    status: response.status,
    code: response.headers.get('x-clickhouse-exception-code'),
    text,
  };
}

/** Out of reach for every user, whatever the access. */
const forEveryone: readonly string[] = [
  // Files.
  "SELECT file('@secret@')",
  "SELECT FILE('@secret@')",
  "SELECT `file`('@secret@')",
  "SELECT arrayMap(x -> file(x), ['@secret@'])",
  "SELECT * APPLY file FROM (SELECT '@secret@')",
  "SELECT COLUMNS('a') APPLY(file) FROM (SELECT '@secret@' AS a)",
  "SELECT * REPLACE(file(a) AS a) FROM (SELECT '@secret@' AS a)",
  "WITH file('@secret@') AS f SELECT f",
  "SELECT 1 ORDER BY file('@secret@')",
  "SELECT 1 LIMIT length(file('@secret@'))",
  "SELECT throwIf(1, file('@secret@'))",
  "SELECT * FROM file('@secret@', 'LineAsString')",
  "DESCRIBE file('@secret@', 'LineAsString')",
  "EXPLAIN SELECT * FROM file('@secret@', 'LineAsString')",
  "SELECT 1 WHERE 'x' IN (SELECT * FROM file('@secret@', 'LineAsString'))",
  "SELECT * FROM view(SELECT * FROM file('@secret@', 'LineAsString'))",
  "SHOW TABLES WHERE name = file('@secret@')",
  "SHOW COLUMNS FROM logs WHERE field = file('@secret@')",
  "SELECT 1 INTO OUTFILE '@out@'",
  "SELECT 1 INTO OUTFILE '@out@' TRUNCATE FORMAT CSV",
  "SELECT 1 /* x */ INTO /**/ OUTFILE '@out@' AND STDOUT",
  "SELECT 1 UNION ALL SELECT 2 INTO OUTFILE '@out@' COMPRESSION 'gzip' FORMAT TSV SETTINGS max_threads = 1",
  "DESCRIBE logs INTO OUTFILE '@out@'",
  "SHOW TABLES INTO OUTFILE '@out@'",
  "EXPLAIN SELECT 1 INTO OUTFILE '@out@'",
  "EXISTS logs INTO OUTFILE '@out@'",
  "INSERT INTO logs FROM INFILE '@secret@' FORMAT LineAsString",
  "INSERT INTO logs (message) FROM INFILE '@secret@' COMPRESSION 'none' FORMAT LineAsString",
  "INSERT INTO FUNCTION file('@out@', 'CSV', 'a Int8') SELECT 1",
  "INSERT INTO FUNCTION file('@out@', 'CSV', 'a Int8') VALUES (1)",
  "INSERT INTO FUNCTION file('@out@', 'CSV', 'a Int8') FORMAT CSV\n1",
  "INSERT INTO logs VALUES (1, file('@secret@'))",
  "INSERT INTO logs VALUES (1, (SELECT line FROM file('@secret@', 'LineAsString')))",
  "INSERT INTO logs SELECT 1, file('@secret@')",
  "INSERT INTO logs SELECT 1, line FROM input('line String') FORMAT LineAsString x",
  "CREATE TABLE x (a UInt64 DEFAULT length(file('@secret@'))) ENGINE = Memory",
  "CREATE TABLE x (a UInt64, CONSTRAINT c CHECK file('@secret@') = '') ENGINE = Memory",
  "CREATE VIEW x AS SELECT file('@secret@')",
  "CREATE MATERIALIZED VIEW x ENGINE = Memory AS SELECT file('@secret@') AS f FROM logs",
  "CREATE TABLE x AS file('@secret@', 'LineAsString')",
  "CREATE TABLE x ENGINE = Memory AS SELECT file('@secret@') AS f",
  "ALTER TABLE logs ADD COLUMN x String DEFAULT file('@secret@')",
  "ALTER TABLE logs UPDATE message = file('@secret@') WHERE 1",
  "ALTER TABLE logs DELETE WHERE file('@secret@') != ''",
  "DELETE FROM logs WHERE file('@secret@') != ''",
  'CREATE FUNCTION x AS (a) -> file(a)',
  "BACKUP TABLE logs TO File('@out@')",
  "RESTORE TABLE logs FROM File('@secret@')",
  'ALTER TABLE logs FREEZE',
  "ALTER TABLE logs FREEZE WITH NAME 'x'",
  "ALTER TABLE logs FETCH PARTITION tuple() FROM '/x'",
  "ALTER TABLE logs MOVE PARTITION tuple() TO DISK 'x'",
  "ALTER TABLE logs MODIFY SETTING storage_policy = 'x'",
  "CREATE TABLE x (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = local, path = '/tmp/x/')",
  "CREATE TABLE x (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = 'x'",
  "ATTACH TABLE x FROM '/etc' (a UInt8) ENGINE = MergeTree ORDER BY a",
  "ATTACH TABLE x UUID '10000000-0000-0000-0000-000000000001' (a UInt8) ENGINE = File(CSV)",
  'CREATE TABLE x (a String) ENGINE = File(CSV)',
  "CREATE TABLE x (a String) ENGINE = FileLog('/etc', 'LineAsString')",
  "CREATE TABLE x (a String) ENGINE = Executable('sh', TabSeparated)",
  "CREATE TABLE x (a String) ENGINE = SQLite('/tmp/x.db', 't')",
  "CREATE TABLE x (a String) ENGINE = EmbeddedRocksDB(0, '/tmp/x') PRIMARY KEY a",
  "CREATE DATABASE x ENGINE = Filesystem('/etc')",
  "CREATE DATABASE x ENGINE = SQLite('/tmp/x.db')",
  "CREATE DICTIONARY d (a String) PRIMARY KEY a SOURCE(FILE(path '/etc/passwd' format 'CSV')) LAYOUT(FLAT()) LIFETIME(1)",
  "CREATE DICTIONARY d (a String) PRIMARY KEY a SOURCE(EXECUTABLE(command 'id' format 'TSV')) LAYOUT(FLAT()) LIFETIME(1)",
  'SELECT * FROM `@secret@`',
  "SELECT * FROM executable('id', 'TSV', 'a String')",
  "SELECT * FROM filesystem('/etc')",
  "SELECT * FROM sqlite('/tmp/x.db', 't')",
  // The network.
  "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
  "SELECT * FROM s3('http://127.0.0.1:1/x', 'CSV')",
  "SELECT * FROM remote('127.0.0.1:1', 'system', 'one')",
  "SELECT * FROM remote('127.0.0.1:1', system.one)",
  "SELECT * FROM cluster('default', 'system', 'one')",
  "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
  "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
  "SELECT * FROM hdfs('hdfs://127.0.0.1:1/x', 'CSV')",
  "SELECT * FROM odbc('DSN=x', 'a', 'b')",
  "INSERT INTO FUNCTION url('http://127.0.0.1:1/', 'CSV', 'a Int8') SELECT 1",
  "CREATE TABLE x (a String) ENGINE = URL('http://127.0.0.1:1/', 'CSV')",
  "CREATE TABLE x (a String) ENGINE = S3('http://127.0.0.1:1/x', 'CSV')",
  "CREATE TABLE x (a String) ENGINE = Distributed('c', 'd', 't')",
  "CREATE TABLE x (a String) ENGINE = Kafka('127.0.0.1:1', 't', 'g', 'CSV')",
  "CREATE TABLE x (a String) ENGINE = MySQL('127.0.0.1:1', 'a', 'b', 'c', 'd')",
  "CREATE TABLE x (name String) ENGINE = Merge('system', '^users$')",
  "CREATE TABLE x (name String) ENGINE = Merge(system, 'users')",
  "CREATE TABLE x AS system.users ENGINE = Buffer('system', 'users', 1, 1, 1, 1, 1, 1, 1)",
  "CREATE DATABASE x ENGINE = MySQL('127.0.0.1:1', 'a', 'b', 'c')",
  "CREATE TABLE x (a UInt8) ENGINE = ReplicatedMergeTree('/x', 'y') ORDER BY a",
  'CREATE TABLE x ON CLUSTER c (a UInt8) ENGINE = Memory',
  // Who somebody is, and the process.
  "CREATE USER x IDENTIFIED BY 'y'",
  'GRANT ALL ON *.* TO default',
  'CREATE NAMED COLLECTION c AS a = 1',
  'SELECT * FROM system.named_collections',
  'SELECT * FROM system.users',
  'SELECT * FROM `system`.`users`',
  "SELECT 1 WHERE 'x' IN system.users",
  'DESCRIBE system.users',
  'WITH u AS (SELECT * FROM system.users) SELECT * FROM u',
  "SELECT * FROM merge('system', '^users$')",
  "SELECT * FROM loop('system', 'users')",
  "SELECT * FROM eval('SELECT 1')",
  "SELECT dictGet('d', 'a', 1)",
  "SELECT joinGet('t', 'a', 1)",
  "SELECT getServerSetting('max_server_memory_usage')",
  'SELECT addressToSymbol(1)',
  "SELECT catboostEvaluate('/etc/passwd', 1)",
  'SYSTEM SHUTDOWN',
  'SYSTEM KILL',
  'SYSTEM RELOAD CONFIG',
  'SYSTEM DROP REPLICA x',
  'EXECUTE AS default SELECT 1',
  'BEGIN TRANSACTION',
  'INSERT INTO system.one VALUES (1)',
  'DROP TABLE system.one',
  'DROP DATABASE system',
  'DETACH TABLE system.settings',
  'ALTER TABLE system.one ADD COLUMN a Int8',
  // Settings.
  "SELECT 1 SETTINGS additional_result_filter = 'file(\\'@secret@\\') = 1'",
  "SELECT 1 SETTINGS additional_table_filters = {'logs': 'file(\\'@secret@\\') != \\'\\''}",
  "SELECT * FROM (SELECT 1 SETTINGS additional_result_filter = 'a')",
  "SELECT 1 SETTINGS dialect = 'kusto'",
  "SELECT 1 FORMAT Template SETTINGS format_template_row = '@secret@'",
  "SELECT 1 FORMAT Protobuf SETTINGS format_schema = '@secret@:M'",
  "SELECT 1 FORMAT TSV SETTINGS send_logs_level = 'trace'",
  "SET dialect = 'kusto'",
  'SET input_format_values_interpret_expressions = 1',
  'SELECT 1 SETTINGS input_format_values_interpret_expressions = 1',
  // Tricks.
  'SELECT 1; DROP TABLE logs',
  'SELECT 1;\n\nDROP TABLE logs;',
  'SELECT 1\n\nDROP TABLE logs',
  'SELECT 1 /* ; */ ; DROP TABLE logs /* ',
  'SELECT 1 PARALLEL WITH DROP TABLE logs',
  'DROP TABLE a PARALLEL WITH DROP TABLE logs',
  'SELECT 1 AS `a\nFunction x`',
  'EXPLAIN AST SELECT 1; DROP TABLE logs',
  "EXPLAIN TABLE OVERRIDE mysql('127.0.0.1:1', 'a', 'b', 'c', 'd') PARTITION BY x",
  'SELECT 1 FORMAT MySQLWire',
  `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`,
  `SELECT '${'x'.repeat(300_000)}'`,
  '-- x',
];

describe.each(['default', 'ingest', 'admin'])('%s may not', (user) => {
  test.each(forEveryone.map((sql) => [sql.slice(0, 110), sql]))('%s', async (_title, sql) => {
    const { status, code, text } = await attempt(user, sql);
    expect(status, text).toBeGreaterThanOrEqual(400);
    // An answer of ours or of the parser, never of what would have run.
    expect(
      [
        '62',
        '73',
        '85',
        '399',
        '344',
        '164',
        '452',
        '497',
        '115',
        '48',
        '167',
        '306',
        '36',
        '27',
        '41',
        '6',
        '26',
        '60',
      ],
      text,
    ).toContain(code);
  });
});

/** Not for who only reads. */
const writes: readonly string[] = [
  "INSERT INTO logs VALUES (2, 'y')",
  'INSERT INTO logs FORMAT TSV\n2\ty\n',
  "INSERT INTO logs SELECT 2, 'y'",
  'INSERT INTO plimsoll.logs (a) VALUES (2)',
];

const administration: readonly string[] = [
  'CREATE TABLE x (a Int8) ENGINE = Memory',
  'CREATE TEMPORARY TABLE x (a Int8)',
  'CREATE DATABASE x',
  'CREATE VIEW x AS SELECT 1',
  'DROP TABLE logs',
  'TRUNCATE TABLE logs',
  'ALTER TABLE logs DROP COLUMN message',
  'ALTER TABLE logs DELETE WHERE 1',
  'DELETE FROM logs WHERE 1',
  "UPDATE logs SET message = 'z' WHERE 1",
  'RENAME TABLE logs TO x',
  'EXCHANGE TABLES logs AND x',
  'OPTIMIZE TABLE logs FINAL',
  'DETACH TABLE logs',
  'ATTACH TABLE logs',
  'CHECK TABLE logs',
  'KILL MUTATION WHERE 1',
  'SYSTEM STOP MERGES',
  'SHOW PROCESSLIST',
  'SELECT * FROM system.processes',
];

describe('access', () => {
  test.each([...writes, ...administration])('who reads may not: %s', async (sql) => {
    const { status, code } = await attempt('default', sql);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(['164', '497']).toContain(code);
  });

  test.each(administration)('who inserts may not: %s', async (sql) => {
    const { status, code } = await attempt('ingest', sql);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(['164', '497']).toContain(code);
  });

  test.each([
    ['readonly = 0', '164'],
    ['max_execution_time = 1000000', '452'],
    ['max_memory_usage = 100000000000', '452'],
    ['max_threads = 1000', '452'],
    ['max_ast_depth = 100000', '452'],
    ['max_parser_depth = 1e9', '452'],
    ["max_memory_usage = '100Gi'", '452'],
    ['no_such_setting = 1', '115'],
  ])('limits are not raised: %s', async (setting, code) => {
    const [name = '', value = ''] = setting.split(' = ');
    expect((await attempt('default', `SELECT 1 SETTINGS ${setting}`)).code).toBe(code);
    expect((await attempt('default', `SELECT * FROM (SELECT 1 SETTINGS ${setting})`)).code).toBe(
      code,
    );
    expect((await attempt('default', `SET ${setting}`)).code).toBe(code);
    expect((await attempt('default', 'SELECT 1', { [name]: value.replaceAll("'", '') })).code).toBe(
      code,
    );
  });

  test('limits are lowered', async () => {
    const setting = "SELECT getSetting('max_execution_time'), getSetting('max_memory_usage')";
    expect((await attempt('default', setting)).text).toBe('60\t1073741824\n');
    const lower = { max_execution_time: '5', max_memory_usage: '1000000' };
    expect((await attempt('default', setting, lower)).text).toBe('5\t1000000\n');
    expect((await attempt('default', setting, { max_execution_time: '0' })).text).toBe(
      '60\t1073741824\n',
    );
    expect((await attempt('default', `${setting} SETTINGS max_execution_time = 7`)).text).toBe(
      '7\t1073741824\n',
    );
  });

  test('GET reads, whoever asks', async () => {
    const response = await served.ask("INSERT INTO logs VALUES (5, 'z')", {
      user: 'admin',
      method: 'GET',
    });
    expect(response.status).toBe(500);
    expect(await response.text()).toMatch(/^Code: 164\. .*method GET implies readonly/);
    expect(await (await served.ask('SELECT 1', { user: 'admin', method: 'GET' })).text()).toBe(
      '1\n',
    );
  });

  test('what a request sets is gone with it', async () => {
    await attempt('default', 'SELECT {x:String}', { param_x: 'mine' });
    const { code } = await attempt('default', 'SELECT {x:String}');
    expect(code).toBe('456');
  });
});

test('a name with a line break, which would move what stands in the tree', async () => {
  for (const name of ['`x\\n Literal`', '`a\nFunction x`', '"a\rb"']) {
    const sql = `SELECT 1 AS ${name} INTO OUTFILE '@out@'`;
    expect((await attempt('admin', sql)).code).toBe('497');
  }
  const params = { param_t: 'one\nFunction x' };
  expect((await attempt('admin', 'SELECT * FROM {t:Identifier}', params)).code).toBe('497');
  expect((await attempt('admin', 'SELECT * FROM {t:Identifier}', { param_t: 'a\\nb' })).code).toBe(
    '497',
  );
  expect(
    (await attempt('default', 'SELECT * FROM system.{t:Identifier}', { param_t: 'users' })).code,
  ).toBe('497');
  expect(
    (await attempt('default', 'SELECT * FROM system.{t:Identifier}', { param_t: 'one' })).text,
  ).toBe('0\n');
});

test.each(['system', 'SYSTEM', 'information_schema'])(
  '%s as the database opens no table of it',
  async (database) => {
    const params = { database };
    const code = async (user: string, sql: string): Promise<string | null> =>
      (await attempt(user, sql, params)).code;
    const known = ['497', '81', '60'];
    for (const sql of [
      'SELECT * FROM users',
      'DESCRIBE users',
      "SELECT 1 WHERE 'x' IN users",
      "SELECT 1 WHERE 'x' NOT IN (users)",
      'EXPLAIN SELECT * FROM named_collections',
    ]) {
      expect(known, sql).toContain(await code('admin', sql));
    }
    expect(known).toContain(await code('admin', 'DROP TABLE one'));
    expect(known).toContain(await code('admin', 'INSERT INTO one VALUES (1)'));
    expect(known).toContain(await code('admin', 'CREATE TABLE x (a UInt8) ENGINE = Memory'));
    expect(
      (await attempt('default', "SELECT count() FROM tables WHERE database = 'plimsoll'", params))
        .text,
    ).toMatch(/^\d\n|UNKNOWN_/);
  },
);

test('a database by a parameter is the database', async () => {
  const { code } = await attempt('admin', 'DROP DATABASE {t:Identifier}', { param_t: 'system' });
  expect(code).toBe('497');
});

test('no text that a reader sends writes', async () => {
  const words = [
    "SELECT|INSERT INTO|logs|VALUES|(1, 'x')|FORMAT|CSV|CREATE TABLE|x|;|\n\n|--|/*|*/|SETTINGS",
    "readonly = 0|FROM|WITH|EXPLAIN|ALTER TABLE|DROP TABLE|a|1|,|INTO OUTFILE|'@out@'|UNION ALL|(|)",
    "SET|USE|system|`|'|AS|DELETE FROM|WHERE 1",
  ].flatMap((list) => list.split('|'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 9 }),
      async (parts) => {
        await attempt('default', parts.join(' '));
      },
    ),
    { numRuns: 150 },
  );
  const tables = await served.engine.select<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = 'plimsoll'",
  );
  expect(tables).toEqual([{ name: 'logs' }]);
});

test('all attempts together changed nothing', async () => {
  const [rows] = await served.engine.select<{ n: number; text: string }>(
    'SELECT count() AS n, any(message) AS text FROM logs',
  );
  expect(rows).toEqual({ n: 1, text: 'x' });
  expect(readdirSync(served.folder).toSorted()).toEqual(['engine', 'secret.txt']);
  const databases = await served.engine.select<{ name: string }>(
    'SELECT name FROM system.databases',
  );
  expect(databases.map(({ name }) => name)).not.toContain('x');
});
