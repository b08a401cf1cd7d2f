import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { fakeTerminal, runCommandLine } from '@plimsoll/cli';
import { program } from '../../src/program.ts';

interface Seen {
  path: string;
  authorization: string | undefined;
  body: string;
}

const servers: ReturnType<typeof createServer>[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A process that gives one answer to every request. */
async function answering(status: number, body: unknown): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { url = '', headers } = request;
      seen.push({ path: url, authorization: headers.authorization, body: text });
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, seen };
}

async function sql(args: string[], options: Parameters<typeof fakeTerminal>[0] = {}) {
  const terminal = fakeTerminal({ cwd: '/', ...options });
  const code = await runCommandLine(program, ['sql', ...args], terminal);
  return { code, output: terminal.output(), errors: terminal.errors() };
}

const result = {
  columns: [{ name: 'lines', type: 'UInt64' }],
  rows: [['3']],
  truncated: false,
  limit: null,
  elapsed_ms: 12.4,
  read_rows: 1000,
  read_bytes: 8000,
};

describe('plimsoll sql', () => {
  test('sends the statement with the token and prints the rows', async () => {
    const { url, seen } = await answering(200, result);
    const env = { PLIMSOLL_HTTP__TOKEN: 'sesame-sesame-sesame' };
    const args = ['--url', url, '--max-rows', '7', '-f', 'table', 'SELECT count() FROM logs'];
    const { code, output, errors } = await sql(args, { env });
    expect([code, output]).toEqual([0, 'lines\n─────\n    3\n']);
    expect(errors).toBe('1 rows in 12 ms, 1,000 read\n');
    expect(seen).toEqual([
      {
        path: '/api/plimsoll/v1/sql',
        authorization: 'Bearer sesame-sesame-sesame',
        body: '{"query":"SELECT count() FROM logs","max_rows":7}',
      },
    ]);
  });

  test('reads the statement from standard input and is CSV off a terminal', async () => {
    const { url, seen } = await answering(200, result);
    const { output, errors } = await sql(['--url', url], { input: 'SELECT\n1' });
    expect([output, errors]).toEqual(['lines\r\n3\r\n', '']);
    expect(seen[0]?.body).toBe('{"query":"SELECT\\n1"}');
  });

  test('says when a limit cut the result', async () => {
    const { url } = await answering(200, { ...result, truncated: true, limit: 'bytes' });
    const { errors } = await sql(['--url', url, 'x']);
    expect(errors).toContain('cut at the limit of query.sql.max_result_bytes');
  });

  test('shows a refusal with its position', async () => {
    const error = { code: 'invalid_sql', message: 'Syntax error: FORM', position: 9 };
    const { url } = await answering(400, { error });
    const { code, errors } = await sql(['--url', url, 'SELECT 1 FORM logs']);
    expect(code).toBe(1);
    expect(errors).toBe(
      'plimsoll: Syntax error: FORM\n  SELECT 1 FORM logs\n           ^\n  (statement_refused)\n',
    );
  });

  test.each([
    ['a page', 200, '<html>'],
    ['a foreign error', 502, 'Bad gateway'],
    ['JSON of something else', 200, { hello: 'world' }],
  ])('says that %s is no answer of Plimsoll', async (_, status, body) => {
    const { url } = await answering(status, body);
    const { code, errors } = await sql(['--url', url, 'SELECT 1']);
    expect(code).toBe(1);
    expect(errors).toContain(`got status ${status} of something else`);
  });

  test('says that nobody answers, and what to do', async () => {
    const { url } = await answering(200, result);
    servers[0]?.close();
    const { code, errors } = await sql(['--url', url, 'SELECT 1']);
    expect(code).toBe(1);
    expect(errors).toContain(`expected a Plimsoll process at ${url}, got ECONNREFUSED`);
    expect(errors).toContain('Start "plimsoll all"');
  });

  test('refuses a statement of more than 1 MiB', async () => {
    const { code, errors } = await sql([], { input: 'x'.repeat(1024 * 1024 + 1) });
    expect([code, errors]).toEqual([2, expect.stringContaining('at most 1048576 bytes')]);
  });
});
