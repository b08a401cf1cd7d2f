/**
 * What other clients ask before their users ask anything, as their sources and logs show it: JDBC
 * (DBeaver, Metabase), clickhouse-connect (Superset), Grafana's plugin, clickhouse-go.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve, type Served } from './support/serve.ts';

let served: Served;
beforeAll(async () => {
  served = await serve();
  await served.engine.command(
    "CREATE TABLE logs (time DateTime64(3), message String COMMENT 'text') ENGINE = MergeTree ORDER BY time",
  );
});
afterAll(async () => served[Symbol.asyncDispose]());

interface Case {
  client: string;
  sql: string;
  params?: Record<string, string>;
  /** Of the answer as text. */
  tells: RegExp;
}

const cases: readonly Case[] = [
  {
    client: 'JDBC: the server',
    sql: 'SELECT displayName(), version(), timezone() FORMAT TabSeparatedWithNamesAndTypes',
    tells: /^displayName\(\)\tversion\(\)\ttimezone\(\)\nString\tString\tString\n.*\t26\.\d+/,
  },
  {
    client: 'JDBC: user and time zone',
    sql: 'SELECT currentUser() AS user, timezone() AS timezone, version() AS version, toUInt8(1)',
    params: { default_format: 'RowBinaryWithNamesAndTypes' },
    tells: /timezone/,
  },
  {
    client: 'JDBC: databases',
    sql: "SELECT name AS TABLE_SCHEM, '' AS TABLE_CATALOG FROM system.databases WHERE name LIKE '%' ORDER BY name",
    tells: /plimsoll/,
  },
  {
    client: 'JDBC: tables',
    sql: `SELECT '' AS TABLE_CAT, t.database AS TABLE_SCHEM, t.name AS TABLE_NAME,
      CASE WHEN t.engine LIKE '%Log' THEN 'LOG TABLE' WHEN t.engine IN ('Buffer', 'Memory', 'Set') THEN 'MEMORY TABLE'
        WHEN t.is_temporary != 0 THEN 'TEMPORARY TABLE' WHEN t.engine LIKE '%View' THEN 'VIEW' ELSE 'TABLE' END AS TABLE_TYPE,
      t.comment AS REMARKS, null AS TYPE_CAT, d.engine AS TYPE_SCHEM
      FROM system.tables t JOIN system.databases d ON system.tables.database = system.databases.name
      WHERE t.database LIKE 'plimsoll' AND t.name LIKE '%'`,
    tells: /\tplimsoll\tlogs\tTABLE\t/,
  },
  {
    client: 'JDBC: columns',
    sql: `SELECT database AS TABLE_SCHEM, table AS TABLE_NAME, name AS COLUMN_NAME, toInt16(multiIf(type = 'String', 12, 93)) AS DATA_TYPE,
      type AS TYPE_NAME, position AS ORDINAL_POSITION, default_expression AS COLUMN_DEF, comment AS REMARKS
      FROM system.columns WHERE database LIKE 'plimsoll' AND table LIKE 'logs' ORDER BY TABLE_SCHEM, TABLE_NAME, ORDINAL_POSITION`,
    tells: /logs\tmessage\t12\tString\t2\t\ttext/,
  },
  {
    client: 'JDBC: types',
    sql: 'SELECT name, case_insensitive, alias_to FROM system.data_type_families',
    tells: /UInt64/,
  },
  {
    client: 'JDBC: engines',
    sql: 'SELECT name FROM system.table_engines ORDER BY name ASC',
    tells: /MergeTree/,
  },
  {
    client: 'JDBC: functions',
    sql: 'SELECT name FROM system.functions',
    tells: /toStartOfInterval/,
  },
  {
    client: 'DBeaver: source of a table',
    sql: 'SHOW CREATE TABLE `plimsoll`.`logs`',
    tells: /CREATE TABLE plimsoll\.logs/,
  },
  {
    client: 'DBeaver: enums',
    sql: "SELECT * FROM system.columns WHERE database = 'plimsoll' AND match(type, 'Enum(8|16)')",
    tells: /^$/,
  },
  {
    client: 'clickhouse-connect: the server',
    sql: 'SELECT version(), timezone()\n FORMAT Native',
    params: { wait_end_of_query: '1', client_protocol_version: '54405' },
    tells: /version\(\)/,
  },
  {
    client: 'clickhouse-connect: settings',
    sql: 'SELECT name, value, readonly as readonly FROM system.settings LIMIT 10000\n FORMAT Native',
    tells: /max_threads/,
  },
  {
    client: 'clickhouse-connect: what it sends along',
    sql: 'SELECT 1 AS check FORMAT Native',
    params: {
      send_progress_in_http_headers: '1',
      http_headers_progress_interval_ms: '120000',
      enable_http_compression: '1',
      date_time_input_format: 'best_effort',
      cancel_http_readonly_queries_on_client_close: '1',
    },
    tells: /check/,
  },
  {
    client: 'clickhouse-connect: a table',
    sql: 'DESCRIBE TABLE logs\n FORMAT Native',
    tells: /message/,
  },
  { client: 'SQLAlchemy: has it', sql: 'EXISTS TABLE `plimsoll`.`logs`', tells: /^1\n$/ },
  {
    client: 'Grafana: a query',
    sql: 'SELECT toStartOfInterval(time, INTERVAL 60 second) AS t, count() FROM logs WHERE time >= toDateTime64(1700000000, 3) GROUP BY t ORDER BY t SETTINGS max_threads = 1',
    params: { max_execution_time: '60', log_comment: '{"panel":"x"}', default_format: 'Native' },
    tells: /^$/,
  },
  {
    client: 'Grafana: its schema',
    sql: "SELECT name, database, table FROM system.columns WHERE database IN ('plimsoll') FORMAT JSON",
    tells: /"message"/,
  },
  {
    client: 'clickhouse-go: hello',
    sql: 'SELECT displayName(), version(), revision(), timezone()',
    params: { default_format: 'Native' },
    tells: /displayName/,
  },
  {
    client: 'psql habits',
    sql: "SELECT table_name FROM information_schema.tables WHERE table_schema = 'plimsoll'",
    tells: /logs/,
  },
  { client: 'MySQL habits', sql: 'SHOW FULL COLUMNS FROM logs', tells: /message/ },
  { client: 'SHOW', sql: "SHOW SETTINGS LIKE 'max_threads'", tells: /max_threads/ },
  { client: 'SHOW', sql: "SHOW TABLES FROM plimsoll LIKE '%'", tells: /logs/ },
  {
    client: 'EXPLAIN',
    sql: 'EXPLAIN indexes = 1, json = 1 SELECT * FROM logs WHERE time > 0 FORMAT TSVRaw',
    tells: /"Plan"/,
  },
];

test.each(cases)('$client: $sql', async ({ sql, params, tells }) => {
  const answer = await served.ask('', { body: sql, ...(params && { params }) });
  const text = Buffer.from(await answer.arrayBuffer()).toString('latin1');
  expect(answer.status, text).toBe(200);
  expect(text).toMatch(tells);
  const header = (name: string): string | null => answer.headers.get(`x-clickhouse-${name}`);
  expect(header('timezone')).toBe('UTC');
  expect(header('query-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(header('server-display-name')).toMatch(/./);
  expect(header('summary')).toMatch(/^\{"read_rows":"\d+"/);
});

test('a ping as load balancers send it', async () => {
  const answer = await fetch(`${served.url}/ping`);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe('Ok.\n');
});
