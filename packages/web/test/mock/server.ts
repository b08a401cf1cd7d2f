import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import * as answers from './answers.ts';
import { detailOf, makeHosts, makeTanks } from './fleet-data.ts';
import { matches, MockLog, readFilter } from './logs-data.ts';
import { containerSeries, hostSeries } from './series-data.ts';
import { schemaAnswer, sqlResult } from './sql-data.ts';

export interface MockOptions {
  tanks?: number;
  mood?: answers.MockState['mood'];
  /** Milliseconds between two log lines. */
  logGapMs?: number;
  token?: string;
  /** Folder of the built page. */
  dist?: string;
  liveLines?: boolean;
}

export interface MockServer {
  url: string;
  /** Paths asked for, newest last. */
  requests: string[];
  setMood: (mood: answers.MockState['mood']) => void;
  failNext: (path: string, status: number) => void;
  close: () => Promise<void>;
}

const apiPrefix = '/api/plimsoll/v1/';
const tailMs = 500;

/** Serves generated data in the shapes of `@plimsoll/model/api`, and the built page. */
export async function startMockServer(options: MockOptions = {}, port = 0): Promise<MockServer> {
  const tanks = options.mood === 'empty' ? [] : makeTanks(options.tanks ?? 144);
  const state: answers.MockState = {
    tanks:
      options.mood === 'calm'
        ? tanks.map((tank) => ({
            ...tank,
            state: 'within',
            why: '',
            worst: Math.min(tank.worst, 0.66),
          }))
        : tanks,
    log: new MockLog(tanks, Date.now(), options.logGapMs ?? 40),
    now: () => Date.now(),
    mood: options.mood ?? 'well',
  };
  const requests: string[] = [];
  const failures = new Map<string, number>();
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      sendJson(response, 500, { error: { code: 'internal', message: String(error) } });
    });
  });
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://mock');
    if (!url.pathname.startsWith(apiPrefix)) return sendFile(response, options.dist, url.pathname);
    const path = url.pathname.slice(apiPrefix.length);
    requests.push(`${path}${url.search}`);
    if (requests.length > 5000) requests.splice(0, 1000);
    if (
      options.token !== undefined &&
      request.headers.authorization !== `Bearer ${options.token}`
    ) {
      return sendJson(response, 401, {
        error: { code: 'unauthorized', message: 'An access token is needed.' },
      });
    }
    const failure = failures.get(path);
    if (failure !== undefined) {
      failures.delete(path);
      return sendJson(response, failure, {
        error: { code: 'refused', message: `The mock refuses ${path} once.` },
      });
    }
    if (path === 'logs/tail')
      return tail(request, response, {
        state,
        params: url.searchParams,
        live: options.liveLines !== false,
      });
    const answer = await answerFor(path, { request, params: url.searchParams, state });
    return sendJson(response, 'error' in Object(answer) ? 400 : 200, answer);
  };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${portOf(server)}/`,
    requests,
    setMood: (mood) => (state.mood = mood),
    failNext: (path, status) => void failures.set(path, status),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Asked {
  request: IncomingMessage;
  params: URLSearchParams;
  state: answers.MockState;
}

async function answerFor(path: string, { request, params, state }: Asked): Promise<unknown> {
  const now = state.now();
  const span = {
    from: Number(params.get('from')),
    to: Number(params.get('to')),
    points: Number(params.get('points') ?? 300),
  };
  const [first, second, third] = path.split('/').map(decodeURIComponent);
  if (path === 'fleet') return answers.fleetAnswer(state);
  if (path === 'fleet/tanks')
    return { at: now, total: state.tanks.length, truncated: false, tanks: state.tanks };
  if (path === 'hosts') return state.mood === 'empty' ? [] : makeHosts(state.tanks, now);
  if (path === 'containers') return answers.containersAnswer(state, params);
  if (path === 'logs') return answers.logsAnswer(state, params);
  if (path === 'logs/histogram') return answers.histogramAnswer(state, params);
  if (path === 'logs/facets') return answers.facetsAnswer(state, params);
  if (path === 'logs/context') return contextAnswer(state, params);
  if (path === 'events') return answers.eventsAnswer(state, params);
  if (path === 'alerts') return answers.alertsAnswer(state, params);
  if (path === 'sql/schema') return schemaAnswer();
  if (path === 'sql') return sqlAnswer(state, await readBody(request));
  const tank = first === 'containers' ? state.tanks.find((item) => item.id === second) : undefined;
  if (tank !== undefined && third === undefined) return detailOf(tank, now);
  if (tank !== undefined)
    return { id: tank.id, step_seconds: 10, series: containerSeries(tank, span) };
  const host =
    first === 'hosts'
      ? makeHosts(state.tanks, now).find((item) => item.host === second)
      : undefined;
  if (host !== undefined)
    return { host: host.host, step_seconds: 10, series: hostSeries(host, span) };
  return {
    error: {
      code: 'not_found',
      message: `There is no ${path}: it may be gone for longer than its data is kept.`,
    },
  };
}

function contextAnswer(state: answers.MockState, params: URLSearchParams): unknown {
  const number = Number((params.get('id') ?? 'm0').slice(1));
  const reach = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => state.log.line(to - 1 - index));
  return {
    before: reach(number + 1, number + 21),
    line: state.log.line(number),
    after: reach(number - 20, number),
  };
}

async function sqlAnswer(state: answers.MockState, body: string): Promise<unknown> {
  const query = (JSON.parse(body) as { query: string }).query;
  const wrong = query.indexOf('selct');
  if (wrong >= 0) {
    return {
      error: {
        code: 'sql_syntax',
        message:
          'Syntax error: failed at position 1 (selct): expected SELECT, WITH, SHOW or DESCRIBE.',
        position: wrong,
      },
    };
  }
  if (query.includes('sleep')) await new Promise((resolve) => setTimeout(resolve, 4000));
  return sqlResult(state.now(), query);
}

function tail(
  request: IncomingMessage,
  response: ServerResponse,
  at: { state: answers.MockState; params: URLSearchParams; live: boolean },
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(`data: ${JSON.stringify({ type: 'heartbeat', at: at.state.now() })}\n\n`);
  const filter = readFilter(at.params, at.state.now());
  let next = at.state.log.firstBefore(at.state.now()) - 1;
  const timer = setInterval(() => {
    if (!at.live) return;
    const entries = [];
    const newest = at.state.log.firstBefore(at.state.now());
    for (; next >= newest; next -= 1) {
      const entry = at.state.log.line(next);
      if (matches(entry, filter)) entries.push(entry);
    }
    if (entries.length > 0)
      response.write(
        `data: ${JSON.stringify({ type: 'entries', entries: entries.slice(0, 500) })}\n\n`,
      );
  }, tailMs);
  request.on('close', () => clearInterval(timer));
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** Unknown paths are views of the page: they get its index. */
async function sendFile(
  response: ServerResponse,
  dist: string | undefined,
  path: string,
): Promise<void> {
  if (dist === undefined)
    return sendJson(response, 404, {
      error: { code: 'not_found', message: 'only the API is served here' },
    });
  const name = extname(path) === '' ? '/index.html' : normalize(path);
  try {
    const bytes = await readFile(join(dist, name));
    response.writeHead(200, { 'content-type': types[extname(name)] ?? 'application/octet-stream' });
    response.end(bytes);
  } catch {
    response.writeHead(404).end();
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
