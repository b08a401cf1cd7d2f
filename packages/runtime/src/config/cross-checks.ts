/**
 * What no field can check alone. Fields that the schema refused have their defaults here, and a
 * check that such a default would mislead looks at `isBroken` first.
 */
import { isIP } from 'node:net';
import { duration, formatQuantity } from './quantity.ts';
import type { Path } from './schema-walk.ts';
import type { Config } from './schema.ts';
import { valueAt } from './problem.ts';

export interface CrossCheckInput {
  config: Config;
  /** What was given, before defaults. */
  given: unknown;
  isBroken: (path: Path) => boolean;
}

type Report = (path: Path, message: string) => void;

export function crossCheck(input: CrossCheckInput, report: Report): void {
  checkToken(input, report);
  checkPorts(input, report);
  checkStorage(input, report);
  checkMinimums(input, report);
  checkJournal(input, report);
  checkWebhooks(input, report);
}

/** True for addresses that only this host reaches. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const version = isIP(host);
  if (version === 4) return host.startsWith('127.');
  return version === 6 && /^(0*:)*:?0*1$/.test(host);
}

function checkToken({ config, isBroken }: CrossCheckInput, report: Report): void {
  if (config.http.token !== undefined || isBroken(['http', 'token'])) return;
  const open = (['http', 'clickhouse_http'] as const).find((key) => !isLoopback(config[key].host));
  if (open === undefined) return;
  const message =
    `expected a secret because ${open}.host is ${config[open].host}, got none; ` +
    'set http.token (at least 16 characters) or listen on 127.0.0.1';
  report(['http', 'token'], message);
}

function checkPorts({ config, isBroken }: CrossCheckInput, report: Report): void {
  const path = ['clickhouse_http', 'port'];
  if (isBroken(path) || isBroken(['http', 'port'])) return;
  const { port } = config.clickhouse_http;
  if (port === 0 || port !== config.http.port) return;
  report(path, `expected another port than http.port, got ${port} for both; change one`);
}

function checkStorage({ config, given, isBroken }: CrossCheckInput, report: Report): void {
  const { mode, url } = config.storage;
  const urlPath = ['storage', 'url'];
  const isUrlGiven = valueAt(given, urlPath) !== undefined;
  if (isUrlGiven && !isBroken(urlPath)) {
    checkHttpUrl(urlPath, url, report);
    checkNoCredentials(urlPath, url, report);
  }
  if (isBroken(['storage', 'mode'])) return;
  if (mode === 'server') {
    if (isUrlGiven) return;
    const message =
      'expected the URL of a ClickHouse server because storage.mode is server, got nothing; add it';
    report(urlPath, message);
    return;
  }
  for (const key of ['url', 'username', 'password']) {
    if (valueAt(given, ['storage', key]) === undefined) continue;
    const message =
      'expected nothing because storage.mode is embedded; remove it or set storage.mode: server';
    report(['storage', key], message);
  }
}

function checkHttpUrl(path: Path, url: string, report: Report): void {
  if (/^https?:/i.test(url)) return;
  const came = JSON.stringify(new URL(url).protocol);
  report(path, `expected a URL that begins with http: or https:, got ${came}`);
}

const mebibyte = 2 ** 20;

/** They have fields of their own, which are known to be secret. */
function checkNoCredentials(path: Path, url: string, report: Report): void {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return;
  const message =
    'expected a URL without user and password, got one with them; ' +
    'set storage.username and storage.password';
  report(path, message);
}

/** Below these a wait turns into a busy loop, or a limit into a standstill. */
const minimums: readonly { path: readonly string[]; least: number; kind: 'duration' | 'size' }[] = [
  { path: ['collector', 'docker', 'resync_interval'], least: 1000, kind: 'duration' },
  { path: ['collector', 'docker', 'probe', 'interval'], least: 1000, kind: 'duration' },
  { path: ['collector', 'docker', 'probe', 'deadline'], least: 100, kind: 'duration' },
  { path: ['collector', 'orphans', 'interval'], least: 10_000, kind: 'duration' },
  // Containers that were removed together take a minute or two to be gone entirely.
  { path: ['collector', 'orphans', 'grace'], least: 120_000, kind: 'duration' },
  { path: ['collector', 'gpu', 'interval'], least: 5000, kind: 'duration' },
  { path: ['collector', 'logs', 'poll_interval'], least: 10, kind: 'duration' },
  { path: ['collector', 'logs', 'flush_interval'], least: 1, kind: 'duration' },
  { path: ['collector', 'logs', 'max_in_flight'], least: 8 * mebibyte, kind: 'size' },
  { path: ['collector', 'stats', 'interval'], least: 1000, kind: 'duration' },
  { path: ['ingest', 'flush_interval'], least: 1, kind: 'duration' },
  { path: ['ingest', 'batch_max_bytes'], least: mebibyte, kind: 'size' },
  { path: ['query', 'max_execution_time'], least: 100, kind: 'duration' },
  { path: ['query', 'sql', 'max_execution_time'], least: 100, kind: 'duration' },
  { path: ['query', 'sql', 'max_memory'], least: 16 * mebibyte, kind: 'size' },
  { path: ['query', 'sql', 'max_result_bytes'], least: 1024, kind: 'size' },
  { path: ['alerting', 'interval'], least: 1000, kind: 'duration' },
];

const shortestRetentionMs = 60_000;
const shortestTimeoutMs = 100;

function checkMinimums({ config, given }: CrossCheckInput, report: Report): void {
  for (const { path, least, kind } of minimums) {
    const value = valueAt(config, path);
    if (typeof value !== 'number' || value >= least) continue;
    const came = JSON.stringify(valueAt(given, path));
    report(path, `expected at least ${formatQuantity(least, kind)}, got ${came}`);
  }
  for (const [table, value] of Object.entries(config.storage.retention)) {
    if (value === 0 || value >= shortestRetentionMs) continue;
    const path = ['storage', 'retention', table];
    const came = JSON.stringify(valueAt(given, path));
    report(path, `expected at least 1m, or 0 to keep rows for ever, got ${came}`);
  }
}

function checkJournal({ config, isBroken }: CrossCheckInput, report: Report): void {
  const { batch_max_bytes: batch, journal_max_bytes: journal } = config.ingest;
  const path = ['ingest', 'journal_max_bytes'];
  if (isBroken(path) || isBroken(['ingest', 'batch_max_bytes']) || journal >= 2 * batch) return;
  const least = formatQuantity(2 * batch, 'size');
  const message =
    `expected at least twice ingest.batch_max_bytes (${least}), ` +
    `got ${formatQuantity(journal, 'size')}; raise it or make batches smaller`;
  report(path, message);
}

/** Looks at what was given, because one broken webhook takes the whole list out of `config`. */
function checkWebhooks({ given, isBroken }: CrossCheckInput, report: Report): void {
  const list = valueAt(given, ['alerting', 'webhooks']);
  if (!Array.isArray(list)) return;
  const seen = new Set<unknown>();
  for (const index of list.keys()) {
    const path = ['alerting', 'webhooks', index];
    const sound = (key: string): unknown =>
      isBroken([...path, key]) ? undefined : valueAt(list, [index, key]);
    const [name, url, timeout] = [sound('name'), sound('url'), sound('timeout')];
    if (seen.has(name)) {
      const came = JSON.stringify(name);
      const message = `expected a name that no other webhook has, got ${came} twice; rename one`;
      report([...path, 'name'], message);
    }
    if (name !== undefined) seen.add(name);
    if (typeof url === 'string') checkHttpUrl([...path, 'url'], url, report);
    if (timeout !== undefined && duration.parse(timeout) < shortestTimeoutMs) {
      const least = formatQuantity(shortestTimeoutMs, 'duration');
      report([...path, 'timeout'], `expected at least ${least}, got ${JSON.stringify(timeout)}`);
    }
  }
}
