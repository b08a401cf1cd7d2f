/**
 * As much of ClickHouse's HTTP interface as @clickhouse/client speaks, with the embedded engine
 * behind it: no ClickHouse server can be counted on where tests run. One statement per request,
 * settings and parameters in the URL, the body behind the statement.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Session } from 'chdb';

export interface ClickHouseHttp extends AsyncDisposable {
  url: string;
  /** Requests so far: statement and settings. */
  requests: { query: string; settings: Record<string, string> }[];
}

const ownNames = new Set(['query', 'database', 'query_id', 'default_format', 'session_id']);
/** Of the HTTP layer, unknown to the engine. */
const httpOnly = new Set([
  'wait_end_of_query',
  'cancel_http_readonly_queries_on_client_close',
  'enable_http_compression',
]);

export async function serveClickHouseHttp(path: string): Promise<ClickHouseHttp> {
  const keeper = new Session(path);
  const requests: ClickHouseHttp['requests'] = [];
  const server = createServer((request, response) => {
    answer({ path, requests }, request, response).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      const code = /Code: (\d+)/.exec(message)?.[1] ?? '1';
      response.writeHead(code === '60' ? 404 : 500, { 'X-ClickHouse-Exception-Code': code });
      response.end(`${message}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      keeper.close();
    },
  };
}

async function answer(
  { path, requests }: { path: string; requests: ClickHouseHttp['requests'] },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (pathname === '/ping') {
    response.end('Ok.\n');
    return;
  }
  const body = await buffer(request);
  const inUrl = searchParams.get('query');
  const query = inUrl ?? body.toString('utf8');
  const settings = Object.fromEntries([...searchParams].filter(([name]) => !ownNames.has(name)));
  requests.push({ query, settings });
  const session = new Session(path);
  try {
    const assignments = Object.entries(settings)
      .filter(([name]) => !httpOnly.has(name))
      .map(([name, value]) => `${name} = '${value.replace(/[\\']/g, (found) => `\\${found}`)}'`);
    const database = searchParams.get('database') ?? 'default';
    await session.queryAsync(`USE \`${database}\``);
    if (assignments.length > 0) await session.queryAsync(`SET ${assignments.join(', ')}`);
    if (inUrl === null) {
      const format = searchParams.get('default_format') ?? 'TabSeparated';
      const result = await session.queryAsync(query, { format });
      response.setHeader(
        'X-ClickHouse-Summary',
        JSON.stringify({
          read_rows: String(result.rowsRead),
          read_bytes: String(result.bytesRead),
        }),
      );
      response.end(result.bytes());
    } else {
      const encoding = request.headers['content-encoding'] ?? 'none';
      await insert(session, query, { bytes: body, encoding });
      response.setHeader('X-ClickHouse-Summary', '{"written_rows":"0"}');
      response.end();
    }
  } finally {
    session.close();
  }
}

/** As a server does: the data is the body, compressed or not. */
async function insert(session: Session, query: string, body: Body): Promise<void> {
  const match = /^INSERT INTO (`\w+` \([^)]*\)) FORMAT (\w+)$/.exec(query.trim());
  if (!match) throw new Error(`Code: 62. DB::Exception: unexpected insert ${query}`);
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-http-'));
  try {
    const file = join(folder, 'body');
    writeFileSync(file, body.bytes);
    await session.queryAsync(
      `INSERT INTO ${match[1]} FROM INFILE '${file}' COMPRESSION '${body.encoding}' FORMAT ${match[2]}`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Body {
  bytes: Buffer;
  encoding: string;
}
