/** curl as a child process, in the ways in which people use it. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve, type Served } from './support/serve.ts';

let served: Served;
beforeAll(async () => {
  served = await serve();
  await served.engine.command('CREATE TABLE t (a UInt64, s String) ENGINE = MergeTree ORDER BY a');
});
afterAll(async () => served[Symbol.asyncDispose]());

async function curl(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('curl', ['-sS', ...args], { maxBuffer: 1e8 });
  return stdout;
}

test('health', async () => {
  expect(await curl(`${served.url}/ping`)).toBe('Ok.\n');
  expect(await curl(served.url)).toBe('Ok.\n');
  expect(await curl(`${served.url}/replicas_status`)).toBe('Ok.\n');
  expect(await curl('-o', '/dev/null', '-w', '%{http_code}', `${served.url}/play`)).toBe('404');
  expect(await curl('-I', `${served.url}/ping`)).toMatch(/^HTTP\/1\.1 200 OK/);
});

test('a query in the URL, in the body, in both', async () => {
  expect(await curl(`${served.url}/?query=SELECT%201`)).toBe('1\n');
  expect(await curl('-G', served.url, '--data-urlencode', "query=SELECT 'a b', 2 FORMAT CSV")).toBe(
    '"a b",2\n',
  );
  expect(await curl(served.url, '-d', 'SELECT 3')).toBe('3\n');
  expect(await curl(`${served.url}/?query=SELECT`, '-d', '4')).toBe('4\n');
  expect(await curl(`${served.url}/?default_format=JSONEachRow`, '-d', 'SELECT 5 AS n')).toBe(
    '{"n":5}\n',
  );
  expect(
    await curl(served.url, '-H', 'X-ClickHouse-Format: CSVWithNames', '-d', 'SELECT 6 AS n'),
  ).toBe('"n"\n6\n');
});

test('a statement in a file, with comments and a semicolon', async () => {
  const file = join(served.folder, 'query.sql');
  writeFileSync(file, '-- what it is\nSELECT /* two */ 2,\n  3;\n');
  expect(await curl(served.url, '--data-binary', `@${file}`)).toBe('2\t3\n');
});

test('data from a file, beside the statement and behind it', async () => {
  const file = join(served.folder, 'rows.tsv');
  writeFileSync(file, '1\tone\n2\ttwo\n');
  const insert = `${served.url}/?query=INSERT%20INTO%20t%20FORMAT%20TSV`;
  expect(await curl('-u', 'ingest:into', insert, '--data-binary', `@${file}`)).toBe('');
  writeFileSync(file, "INSERT INTO t VALUES (3, 'three'), (4, 'four')");
  expect(await curl('-u', 'ingest:into', served.url, '--data-binary', `@${file}`)).toBe('');
  writeFileSync(file, gzipSync('5,five\n'));
  const csv = `${served.url}/?query=INSERT%20INTO%20t%20FORMAT%20CSV`;
  expect(
    await curl(
      '-u',
      'ingest:into',
      csv,
      '-H',
      'Content-Encoding: gzip',
      '--data-binary',
      `@${file}`,
    ),
  ).toBe('');
  expect(await curl(`${served.url}/?query=SELECT%20count(),sum(a)%20FROM%20t`)).toBe('5\t15\n');
});

test('a file larger than curl sends unasked', async () => {
  const file = join(served.folder, 'large.tsv');
  writeFileSync(file, '7\tseven\n'.repeat(500_000));
  const insert = `${served.url}/?query=INSERT%20INTO%20t%20FORMAT%20TSV`;
  const head = await curl(
    '-i',
    '-u',
    'ingest:into',
    '-H',
    'Expect: 100-continue',
    insert,
    '--data-binary',
    `@${file}`,
  );
  expect(head).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
  expect(JSON.parse(/x-clickhouse-summary: (.*)\r/i.exec(head)?.[1] ?? '{}')).toMatchObject({
    written_rows: '500000',
  });
});

test.each(['gzip', 'zstd', 'br', 'deflate'])('a result compressed by %s', async (encoding) => {
  const url = `${served.url}/?enable_http_compression=1&query=SELECT%20number%20FROM%20numbers(100000)`;
  const head = await curl('-D', '-', '-o', '/dev/null', '-H', `Accept-Encoding: ${encoding}`, url);
  expect(head.toLowerCase()).toContain(`content-encoding: ${encoding}`);
  expect(head.toLowerCase()).toContain('transfer-encoding: chunked');
});

test('--compressed', async () => {
  const file = join(served.folder, 'out.txt');
  const url = `${served.url}/?enable_http_compression=1&query=SELECT%20number%20FROM%20numbers(100000)`;
  await curl('--compressed', '-o', file, url);
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(100_001);
  // Not asked for: as it is, as a server does.
  const plain = await curl(
    '-D',
    '-',
    '-o',
    '/dev/null',
    '--compressed',
    `${served.url}/?query=SELECT%201`,
  );
  expect(plain.toLowerCase()).not.toContain('content-encoding');
});

test('who asks', async () => {
  const url = `${served.url}/?query=SELECT%201`;
  const ok = '1\n';
  expect(await curl('-u', 'locked:secret', url)).toBe(ok);
  expect(await curl('-H', 'X-ClickHouse-User: locked', '-H', 'X-ClickHouse-Key: secret', url)).toBe(
    ok,
  );
  expect(await curl(`${url}&user=locked&password=secret`)).toBe(ok);
  expect(await curl('-u', 'default:whatever', url)).toBe(ok);
  const wrong = await curl('-i', '-u', 'locked:nonsense', url);
  expect(wrong).toMatch(/^HTTP\/1\.1 403 Forbidden/);
  expect(wrong).toContain('X-ClickHouse-Exception-Code: 516');
  expect(wrong).toContain(
    'Code: 516. DB::Exception: locked: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)',
  );
  const without = await curl('-i', `${url}&user=locked`);
  expect(without).toMatch(/^HTTP\/1\.1 401 Unauthorized/);
  expect(without).toContain('WWW-Authenticate: Basic realm=');
  expect(await curl('-u', 'locked:secret', `${url}&user=locked`)).toContain('got several');
  expect(await curl('-H', 'Authorization: Bearer x', url)).toContain(
    "expected the HTTP scheme 'Basic'",
  );
});

test.each([
  ['SELECT', 400, 62],
  ['SELECT * FROM nothing', 404, 60],
  ['SELECT * FROM nowhere.t', 404, 81],
  ['SELECT nothing', 404, 47],
  ['SELECT noFunction()', 404, 46],
  ['SELECT 1 FORMAT Nothing', 404, 73],
  ["SELECT toUInt8('x')", 400, 6],
  ["SELECT throwIf(1, 'told')", 500, 395],
  ['SELECT 1 SETTINGS nothing = 1', 404, 115],
  ['SELECT {x:UInt8}', 500, 456],
  ['DROP TABLE t', 500, 164],
  ['SELECT * FROM system.users', 403, 497],
])('an error: %s', async (sql, status, code) => {
  const answer = await curl('-i', served.url, '-d', sql);
  expect(answer).toContain(`X-ClickHouse-Exception-Code: ${code}\r\n`);
  expect(answer).toMatch(
    new RegExp(
      `\\r\\n\\r\\nCode: ${code}\\. DB::Exception: [^]*\\([A-Z_]+\\) \\(version [\\d.]+\\)\\n$`,
    ),
  );
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
});

test('an error behind the first bytes ends the result and cuts the connection', async () => {
  const sql = 'SELECT number, throwIf(number = 900000) FROM numbers(1000000)';
  const failed: unknown = await curl(`${served.url}/?buffer_size=1000`, '-d', sql).catch(
    (error: unknown) => error,
  );
  // curl's own: a chunked body that has no end.
  expect(failed).toMatchObject({ code: 18 });
  expect(String(Reflect.get(Object(failed), 'stdout'))).toMatch(
    /\r\n__exception__\r\n([0-9a-f]{16})\r\nCode: 395\. .*\n\d+ \1\r\n__exception__\r\n$/,
  );
  // Held to its end, it has a status of its own.
  const short =
    'SELECT number, throwIf(number = 9000) FROM numbers(10000) SETTINGS max_block_size = 10';
  expect(
    await curl('-i', `${served.url}/?wait_end_of_query=1&buffer_size=10`, '-d', short),
  ).toMatch(/^HTTP\/1\.1 500 /);
});

test('progress in the headers', async () => {
  const params =
    'send_progress_in_http_headers=1&http_headers_progress_interval_ms=10&max_threads=1';
  const sql = 'SELECT sum(cityHash64(number, 1)) FROM numbers(400000000)';
  const head = await curl('-D', '-', '-o', '/dev/null', `${served.url}/?${params}`, '-d', sql);
  expect(head).toMatch(/x-clickhouse-progress: \{"read_rows":"\d+"/i);
});

test('the head of a result alone', async () => {
  const head = await curl('-I', `${served.url}/?query=SELECT%201%20FORMAT%20JSON`);
  expect(head).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(head).toContain('X-ClickHouse-Format: JSON');
});
