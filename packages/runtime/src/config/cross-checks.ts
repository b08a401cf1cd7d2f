/**
 * What no field can check alone. Fields that the schema refused have their defaults here, and a
 * check that such a default would mislead looks at `isBroken` first.
 */
import { isIP } from 'node:net';
import { duration, formatQuantity } from './quantity.ts';
import type { Path } from './schema-walk.ts';
import { valueAt } from './problem.ts';
import { checkHttpUrl, checkStorage, type CrossCheckInput, type Report } from './storage-checks.ts';

export function crossCheck(input: CrossCheckInput, report: Report): void {
  checkToken(input, report);
  checkPorts(input, report);
  checkClickHouseUsers(input, report);
  checkReceivers(input, report);
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
  if (isLoopback(config.http.host)) return;
  const message =
    `expected a secret because http.host is ${config.http.host}, got none; ` +
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

/** Looks at what was given, because one broken user takes the whole list out of `config`. */
function checkClickHouseUsers({ config, given, isBroken }: CrossCheckInput, report: Report): void {
  const { enabled, host } = config.clickhouse_http;
  const path = ['clickhouse_http', 'users'];
  const list = valueAt(given, path);
  const users: unknown = Array.isArray(list) ? list : config.clickhouse_http.users;
  if (!Array.isArray(users)) return;
  const seen = new Set<unknown>();
  for (const index of users.keys()) {
    const name = valueAt(users, [index, 'name']);
    if (seen.has(name)) {
      const message = 'expected a name that no other user has, got one twice; rename one';
      report([...path, index, 'name'], message);
    }
    seen.add(name);
    const isOpen = valueAt(users, [index, 'password']) === undefined;
    if (!enabled || isLoopback(host) || !isOpen || isBroken([...path, index, 'password'])) continue;
    const message =
      `expected a password because clickhouse_http.host is ${host}, got none; ` +
      'give each user one or listen on 127.0.0.1';
    report(Array.isArray(list) ? [...path, index, 'password'] : path, message);
  }
}

function checkReceivers({ config, given, isBroken }: CrossCheckInput, report: Report): void {
  const { host, port, tokens, limits } = config.receivers;
  const path = (...keys: string[]): Path => ['receivers', ...keys];
  if (tokens.length === 0 && !isLoopback(host) && !isBroken(path('tokens'))) {
    const message =
      `expected a token because receivers.host is ${host}, got none; ` +
      'add one (at least 16 characters) or listen on 127.0.0.1';
    report(path('tokens'), message);
  }
  const taken = (['http', 'clickhouse_http'] as const).find((key) => config[key].port === port);
  if (port !== 0 && taken !== undefined && !isBroken(path('port')) && !isBroken([taken, 'port'])) {
    report(
      path('port'),
      `expected another port than ${taken}.port, got ${port} for both; change one`,
    );
  }
  checkTokens(given, report);
  if (limits.max_in_flight < limits.max_decoded && !isBroken(path('limits'))) {
    const least = formatQuantity(limits.max_decoded, 'size');
    const came = formatQuantity(limits.max_in_flight, 'size');
    report(
      path('limits', 'max_in_flight'),
      `expected at least receivers.limits.max_decoded (${least}), got ${came}; raise it`,
    );
  }
}

/** A token says who pushes: two must not have one name, nor one secret two names. */
function checkTokens(given: unknown, report: Report): void {
  const list = valueAt(given, ['receivers', 'tokens']);
  if (!Array.isArray(list)) return;
  for (const key of ['name', 'token']) {
    const seen = new Set<unknown>();
    for (const index of list.keys()) {
      const value = valueAt(list, [index, key]);
      if (typeof value === 'string' && seen.has(value)) {
        const message = `expected a ${key} that no other token has, got one twice; change one`;
        report(['receivers', 'tokens', index, key], message);
      }
      seen.add(value);
    }
  }
}

const mebibyte = 2 ** 20;

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
  // Several answers of 16 MiB, and the largest batch beside them.
  { path: ['ingest', 'max_in_flight'], least: 64 * mebibyte, kind: 'size' },
  // Brokers take no less by themselves (group.min.session.timeout.ms).
  { path: ['transport', 'kafka', 'session_timeout'], least: 6000, kind: 'duration' },
  { path: ['transport', 'kafka', 'topics', 'retention'], least: 3_600_000, kind: 'duration' },
  { path: ['receivers', 'limits', 'max_body'], least: 65_536, kind: 'size' },
  { path: ['receivers', 'limits', 'max_decoded'], least: 65_536, kind: 'size' },
  { path: ['receivers', 'limits', 'read_timeout'], least: 1000, kind: 'duration' },
  { path: ['receivers', 'limits', 'publish_timeout'], least: 1000, kind: 'duration' },
  {
    path: ['clickhouse_http', 'limits', 'max_execution_time'],
    least: 100,
    kind: 'duration',
  },
  { path: ['clickhouse_http', 'limits', 'max_memory'], least: 16 * mebibyte, kind: 'size' },
  { path: ['clickhouse_http', 'limits', 'max_body'], least: mebibyte, kind: 'size' },
  { path: ['clickhouse_http', 'limits', 'receive_timeout'], least: 100, kind: 'duration' },
  { path: ['clickhouse_http', 'limits', 'send_timeout'], least: 100, kind: 'duration' },
  { path: ['query', 'max_execution_time'], least: 100, kind: 'duration' },
  { path: ['query', 'sql', 'max_execution_time'], least: 100, kind: 'duration' },
  { path: ['query', 'sql', 'max_memory'], least: 16 * mebibyte, kind: 'size' },
  { path: ['query', 'sql', 'max_result_bytes'], least: 1024, kind: 'size' },
  { path: ['alerting', 'interval'], least: 1000, kind: 'duration' },
];

const shortestTimeoutMs = 100;

function checkMinimums({ config, given }: CrossCheckInput, report: Report): void {
  for (const { path, least, kind } of minimums) {
    const value = valueAt(config, path);
    if (typeof value !== 'number' || value >= least) continue;
    const came = JSON.stringify(valueAt(given, path));
    report(path, `expected at least ${formatQuantity(least, kind)}, got ${came}`);
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
