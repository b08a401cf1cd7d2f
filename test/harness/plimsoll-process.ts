/** The real command as a user starts it: a child process with a configuration file of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { startDeadlineMs } from './deadlines.ts';

const repository = resolve(import.meta.dirname, '../..');
const programs = {
  plimsoll: join(repository, 'packages/plimsoll/src/main.ts'),
  'plimsoll-collector': join(repository, 'packages/agent/src/main.ts'),
};

export interface PlimsollOptions {
  /** Temporary folder: configuration, data and log go below it. */
  folder: string;
  /** Configuration as it would stand in the YAML file; ports and data folder are added. */
  config?: Record<string, unknown>;
  port?: number;
  /** Default: plimsoll. */
  program?: keyof typeof programs;
  /** Default: `all`. */
  args?: string[];
  env?: Record<string, string>;
}

export interface PlimsollProcess {
  url: string;
  port: number;
  pid: number;
  child: ChildProcess;
  /** Everything it has printed so far. */
  output(): string;
  get<T>(path: string): Promise<T>;
  /** Rows of one statement over the public SQL endpoint. */
  sql(query: string): Promise<unknown[][]>;
  /** Ends it by a signal and gives the exit code (null when the signal ended it). */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** @throws when `/readyz` does not answer 200 in time, with the end of what the process printed. */
export async function startPlimsoll(options: PlimsollOptions): Promise<PlimsollProcess> {
  const running = await launchPlimsoll(options);
  await untilReady(running);
  return running;
}

/** Does not wait: for a role that has to wait for others itself. */
export async function launchPlimsoll(options: PlimsollOptions): Promise<PlimsollProcess> {
  return (await spawnPlimsoll(options)).running;
}

/** @throws when `/readyz` does not answer 200 in time, with the end of what the process printed. */
export async function untilReady(running: PlimsollProcess): Promise<void> {
  const deadline = Date.now() + startDeadlineMs;
  while (Date.now() < deadline && running.child.exitCode === null) {
    const answer = await fetch(`${running.url}/readyz`).catch(() => null);
    if (answer?.status === 200) return;
    await sleep(100);
  }
  await running.end('SIGKILL');
  throw new Error(`plimsoll: expected /readyz to answer 200\n${running.output().slice(-4000)}`);
}

/** Runs a command to its end: for `config check`, `--help`, and starts that must fail. */
export async function runPlimsoll(
  options: PlimsollOptions,
): Promise<{ code: number | null; output: string }> {
  const { running, exited } = await spawnPlimsoll(options);
  const timer = sleep(startDeadlineMs, 'late', { ref: false });
  if ((await Promise.race([exited, timer])) === 'late') await running.end('SIGKILL');
  return { code: running.child.exitCode, output: running.output() };
}

async function spawnPlimsoll(
  options: PlimsollOptions,
): Promise<{ running: PlimsollProcess; exited: Promise<number | null> }> {
  mkdirSync(options.folder, { recursive: true });
  const port = options.port ?? (await freePort());
  const file = join(options.folder, 'plimsoll.yaml');
  const config = { data_dir: join(options.folder, 'data'), ...options.config };
  // Ports that several processes of one machine do not share.
  const ports = {
    http: { port, ...asRecord(config, 'http') },
    clickhouse_http: { port: 0, ...asRecord(config, 'clickhouse_http') },
    receivers: { port: 0, ...asRecord(config, 'receivers') },
  };
  writeFileSync(file, stringify({ ...config, ...ports }));
  const { program = 'plimsoll', args = ['all'] } = options;
  const child = spawn(process.execPath, [programs[program], ...args, '--config', file], {
    cwd: repository,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const logFile = join(options.folder, 'plimsoll.log');
  const log = createWriteStream(logFile, { flags: 'a' });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const exited = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
  const url = `http://127.0.0.1:${port}`;
  const running: PlimsollProcess = {
    url,
    port,
    pid: child.pid ?? 0,
    child,
    output: () => readFileSync(logFile, 'utf8'),
    get: (path) => getJson(`${url}${path}`),
    sql: (query) => runSql(url, query),
    end: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return exited;
    },
  };
  return { running, exited };
}

async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  const body = await response.text();
  if (!response.ok) throw new Error(`GET ${url}: expected 200, got ${response.status} ${body}`);
  return JSON.parse(body) as T;
}

async function runSql(url: string, query: string): Promise<unknown[][]> {
  const response = await fetch(`${url}/api/plimsoll/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`SQL ${query}: expected 200, got ${response.status} ${body}`);
  return (JSON.parse(body) as { rows: unknown[][] }).rows;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

function asRecord(config: Record<string, unknown>, key: string): Record<string, unknown> {
  const value = config[key];
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
