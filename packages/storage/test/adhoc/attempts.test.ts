/**
 * What a user's SQL may not do. Each attempt must be refused, and afterwards nothing of what it
 * wanted may have happened.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StorageError, type AdhocLimits } from '../../src/index.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const limits: AdhocLimits = {
  maxExecutionMs: 5_000,
  maxMemoryBytes: 256 * 1024 * 1024,
  maxRows: 1000,
  maxResultBytes: 1024 * 1024,
};

let opened: TestEngine;
let secretFile: string;
let outFile: string;
beforeAll(async () => {
  opened = await openTestEngine();
  secretFile = join(opened.folder, 'secret.txt');
  outFile = join(opened.folder, 'out.txt');
  writeFileSync(secretFile, 'top secret\n');
});
afterAll(async () => opened[Symbol.asyncDispose]());

const attempts: readonly (readonly [what: string, sql: string])[] = [
  // Writing.
  ['create a table', 'CREATE TABLE x (a Int8) ENGINE = Memory'],
  ['create a temporary table', 'CREATE TEMPORARY TABLE x (a Int8)'],
  ['create a database', 'CREATE DATABASE x'],
  ['create a user', "CREATE USER x IDENTIFIED BY 'y'"],
  ['create a function', 'CREATE FUNCTION x AS (a) -> file(a)'],
  [
    'create a dictionary',
    "CREATE DICTIONARY d (a String) PRIMARY KEY a SOURCE(FILE(path '/etc/passwd' format 'CSV')) LAYOUT(FLAT()) LIFETIME(1)",
  ],
  ['insert', "INSERT INTO logs (message) VALUES ('x')"],
  ['insert from select', 'INSERT INTO logs (message) SELECT message FROM logs'],
  ['insert into a file', "INSERT INTO FUNCTION file('out.txt', 'CSV', 'a Int8') SELECT 1"],
  ['drop', 'DROP TABLE logs'],
  ['truncate', 'TRUNCATE TABLE logs'],
  ['alter', 'ALTER TABLE logs DROP COLUMN message'],
  ['delete', 'DELETE FROM logs WHERE 1'],
  ['update', "ALTER TABLE logs UPDATE message = '' WHERE 1"],
  ['rename', 'RENAME TABLE logs TO x'],
  ['optimize', 'OPTIMIZE TABLE logs FINAL'],
  ['attach', "ATTACH TABLE x FROM '/etc'"],
  ['detach', 'DETACH TABLE logs'],
  ['backup', "BACKUP TABLE logs TO File('/tmp/backup')"],
  ['grant', 'GRANT ALL ON *.* TO default'],
  // Output to files.
  ['into outfile', "SELECT 1 INTO OUTFILE '@out@'"],
  [
    'into outfile of a union',
    "SELECT 1 UNION ALL SELECT 2 INTO OUTFILE '@out@' TRUNCATE FORMAT CSV",
  ],
  ['into outfile behind a comment', "SELECT 1 /* x */ INTO /**/ OUTFILE '@out@'"],
  ['explain into outfile', "EXPLAIN SELECT 1 INTO OUTFILE '@out@'"],
  ['describe into outfile', "DESCRIBE logs INTO OUTFILE '@out@'"],
  // The session.
  ['set', 'SET max_memory_usage = 0'],
  ['set readonly', 'SET readonly = 0'],
  ['settings of a query', 'SELECT 1 SETTINGS readonly = 0'],
  ['settings that lift a limit', 'SELECT 1 SETTINGS max_execution_time = 0, max_memory_usage = 0'],
  ['settings of a subquery', 'SELECT * FROM (SELECT 1 SETTINGS max_execution_time = 0)'],
  ['use', 'USE system'],
  ['kill', 'KILL QUERY WHERE 1'],
  ['system', 'SYSTEM STOP MERGES'],
  ['system flush', 'SYSTEM FLUSH LOGS'],
  ['execute as', 'EXECUTE AS default SELECT 1'],
  ['transactions', 'BEGIN TRANSACTION'],
  // Several statements and comment tricks.
  ['two statements', 'SELECT 1; DROP TABLE logs'],
  ['two statements on two lines', 'SELECT 1;\nDROP TABLE logs;'],
  ['a statement behind a comment', 'SELECT 1 -- x\n; DROP TABLE logs'],
  ['a statement behind an open comment', 'SELECT 1 /* ; */ ; DROP TABLE logs /* '],
  ['parallel with', 'SELECT 1 PARALLEL WITH DROP TABLE logs'],
  ['explain and a second statement', 'EXPLAIN AST SELECT 1; DROP TABLE logs'],
  ['a blank line', 'SELECT 1\n\nDROP TABLE logs'],
  // Files.
  ['file()', "SELECT file('@secret@')"],
  ['FILE() in capitals', "SELECT FILE('@secret@')"],
  ['file() by a quoted name', "SELECT `file`('@secret@')"],
  ['file() in a lambda', "SELECT arrayMap(x -> file(x), ['@secret@'])"],
  ['file() by APPLY', "SELECT * APPLY file FROM (SELECT '@secret@')"],
  ['file() by APPLY with a lambda', "SELECT * APPLY(x -> file(x)) FROM (SELECT '@secret@')"],
  ['file() by COLUMNS APPLY', "SELECT COLUMNS('a') APPLY(file) FROM (SELECT '@secret@' AS a)"],
  ['file() in REPLACE', "SELECT * REPLACE(file(a) AS a) FROM (SELECT '@secret@' AS a)"],
  ['file() in WITH', "WITH file('@secret@') AS f SELECT f"],
  ['file() in ORDER BY', "SELECT 1 ORDER BY file('@secret@')"],
  ['file() in LIMIT', "SELECT 1 LIMIT length(file('@secret@'))"],
  ['file() in a window', "SELECT sum(1) OVER (ORDER BY file('@secret@'))"],
  ['file() in JOIN', "SELECT 1 FROM logs JOIN logs AS b ON file('@secret@') = b.message"],
  ['file() in an error', "SELECT throwIf(1, file('@secret@'))"],
  ['table function file', "SELECT * FROM file('@secret@', 'LineAsString')"],
  ['table function file described', "DESCRIBE file('@secret@', 'LineAsString')"],
  ['table function file explained', "EXPLAIN SELECT * FROM file('@secret@', 'LineAsString')"],
  [
    'table function file in a subquery',
    "SELECT (SELECT line FROM file('@secret@', 'LineAsString') LIMIT 1)",
  ],
  [
    'table function file in IN',
    "SELECT 1 WHERE 'x' IN (SELECT * FROM file('@secret@', 'LineAsString'))",
  ],
  [
    'table function file in view()',
    "SELECT * FROM view(SELECT * FROM file('@secret@', 'LineAsString'))",
  ],
  ['a file as a table', 'SELECT * FROM `@secret@`'],
  ['filesystem', "SELECT * FROM filesystem('/etc')"],
  ['sqlite', "SELECT * FROM sqlite('/tmp/x.db', 't')"],
  ['executable', "SELECT * FROM executable('sh', 'TSV', 'a String')"],
  ['icebergLocal', "SELECT * FROM icebergLocal('/etc')"],
  ['deltaLakeLocal', "SELECT * FROM deltaLakeLocal('/etc')"],
  ['input', "SELECT * FROM input('a Int8')"],
  ['dictionary', "SELECT * FROM dictionary('d')"],
  ['dictGet', "SELECT dictGet('d', 'a', 1)"],
  ['joinGet', "SELECT joinGet('t', 'a', 1)"],
  ['catboostEvaluate', "SELECT catboostEvaluate('/etc/passwd', 1)"],
  ['regionToName', 'SELECT regionToName(toUInt32(1))'],
  // The network.
  ['url', "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')"],
  ['urlCluster', "SELECT * FROM urlCluster('default', 'http://127.0.0.1:1/', 'LineAsString')"],
  ['s3', "SELECT * FROM s3('http://127.0.0.1:1/x', 'CSV')"],
  ['gcs', "SELECT * FROM gcs('http://127.0.0.1:1/x', 'CSV')"],
  ['hdfs', "SELECT * FROM hdfs('hdfs://127.0.0.1:1/x', 'CSV')"],
  ['azure', "SELECT * FROM azureBlobStorage('x', 'y', 'z')"],
  ['remote', "SELECT * FROM remote('127.0.0.1:1', 'system', 'one')"],
  ['remote with an identifier', "SELECT * FROM remote('127.0.0.1:1', system.one)"],
  ['remoteSecure', "SELECT * FROM remoteSecure('127.0.0.1:1', 'system', 'one')"],
  ['cluster', "SELECT * FROM cluster('default', 'system', 'one')"],
  ['mysql', "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')"],
  [
    'mysql in EXPLAIN TABLE OVERRIDE',
    "EXPLAIN TABLE OVERRIDE mysql('127.0.0.1:1', 'a', 'b', 'c', 'd') PARTITION BY x",
  ],
  ['postgresql', "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')"],
  ['mongodb', "SELECT * FROM mongodb('127.0.0.1:1', 'a', 'b', 'c', 'd', 'a Int8')"],
  ['redis', "SELECT * FROM redis('127.0.0.1:1', 'a', 'a Int8')"],
  ['odbc', "SELECT * FROM odbc('DSN=x', 'a', 'b')"],
  ['jdbc', "SELECT * FROM jdbc('x', 'a', 'b')"],
  ['ai functions', "SELECT aiGenerate('x', 'y')"],
  // System tables and other databases.
  ['users', 'SELECT * FROM system.users'],
  ['settings', 'SELECT * FROM system.settings'],
  ['server settings', 'SELECT * FROM system.server_settings'],
  ['processes', 'SELECT * FROM system.processes'],
  ['query log', 'SELECT * FROM system.query_log'],
  ['disks', 'SELECT * FROM system.disks'],
  ['macros', 'SELECT * FROM system.macros'],
  ['named collections', 'SELECT * FROM system.named_collections'],
  ['a quoted system table', 'SELECT * FROM `system`.`users`'],
  ['a system table in IN', "SELECT 1 WHERE 'x' IN system.users"],
  ['a system table joined', 'SELECT 1 FROM logs, system.users'],
  ['a system table in WITH', 'WITH u AS (SELECT * FROM system.users) SELECT * FROM u'],
  ['a system table described', 'DESCRIBE system.users'],
  ['merge()', "SELECT * FROM merge('system', '^users$')"],
  ['loop()', "SELECT * FROM loop('system', 'users')"],
  [
    'viewIfPermitted()',
    "SELECT * FROM viewIfPermitted(SELECT * FROM system.users ELSE null('a Int8'))",
  ],
  ['viewExplain()', "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT 1))"],
  ['eval()', "SELECT * FROM eval('SELECT 1')"],
  ['mergeTreeIndex()', "SELECT * FROM mergeTreeIndex('plimsoll', 'logs')"],
  ['show settings', "SHOW SETTINGS LIKE 'x'"],
  ['show users', 'SHOW USERS'],
  ['show processlist', 'SHOW PROCESSLIST'],
  ['show grants', 'SHOW GRANTS'],
  ['show tables of system', 'SHOW TABLES FROM system'],
  [
    'getSetting is no secret but getServerSetting is',
    "SELECT getServerSetting('max_server_memory_usage')",
  ],
  ['getMacro', "SELECT getMacro('x')"],
  ['hasColumnInTable', "SELECT hasColumnInTable('system', 'users', 'name')"],
  ['introspection', 'SELECT addressToSymbol(1)'],
  ['a default database', 'SELECT * FROM default.x'],
  ['information_schema beyond the schema', 'SELECT * FROM information_schema.key_column_usage'],
  // Exhaustion.
  ['sleep', 'SELECT sleep(3)'],
  ["format of one's own", 'SELECT 1 FORMAT Native'],
  ['a name with a line break', 'SELECT 1 AS `a\nFunction x`'],
  ['a query parameter', 'SELECT {x:String}'],
  ['a table by parameter', 'SELECT * FROM {x:Identifier}'],
  ['nothing', ' \n'],
  ['only a comment', '-- x'],
  ['too long a text', `SELECT '${'x'.repeat(300_000)}'`],
  ['a deep text', `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`],
];

describe('is refused', () => {
  test.each(attempts)('%s', async (_what, sql) => {
    const text = sql.replaceAll('@secret@', secretFile).replaceAll('@out@', outFile);
    const error = await opened.engine.adhoc(text, limits).then(
      (result) => result,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StorageError);
    expect(String(error)).not.toContain('top secret');
    // `engine` would be an answer of the engine that our own layer should have given.
    expect(['forbidden', 'invalid_query']).toContain((error as StorageError).code);
    expect(existsSync(outFile)).toBe(false);
  });
});

test('all attempts together changed nothing', async () => {
  const tables = await opened.engine.adhoc('SHOW TABLES', limits);
  const names = tables.rows.map(([name]) => name);
  expect(names).toContain('logs');
  expect(names).not.toContain('x');
  expect(readdirSync(opened.folder).toSorted()).toEqual(['engine', 'secret.txt']);
  const [row] = await opened.engine.select<{ rows: number }>('SELECT count() AS rows FROM logs');
  expect(row?.rows).toBe(0);
  const databases = await opened.engine.select<{ name: string }>(
    'SELECT name FROM system.databases',
  );
  expect(databases.map(({ name }) => name)).not.toContain('x');
});

test('the connection is as read-only and as limited after the attempts as before', async () => {
  const { rows } = await opened.engine.adhoc(
    "SELECT getSetting('readonly'), getSetting('max_memory_usage'), currentDatabase()",
    limits,
  );
  expect(rows).toEqual([[1, limits.maxMemoryBytes, 'plimsoll']]);
});
