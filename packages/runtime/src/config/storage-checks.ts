import { formatQuantity } from './quantity.ts';
import type { Path } from './schema-walk.ts';
import type { Config } from './schema.ts';
import { valueAt } from './problem.ts';

export interface CrossCheckInput {
  config: Config;
  /** What was given, before defaults. */
  given: unknown;
  isBroken: (path: Path) => boolean;
}

export type Report = (path: Path, message: string) => void;

type Storage = Config['storage'];

/** What `server` takes and `embedded` has no use for. */
const ofServer = ['url', 'urls', 'shards', 'username', 'password', 'tls', 'cluster'];
const addresses = ['url', 'urls', 'shards'];

export function checkStorage(input: CrossCheckInput, report: Report): void {
  const { config, given, isBroken } = input;
  checkUrls(input, report);
  checkCluster(config.storage, input, report);
  checkTimes(input, report);
  if (isBroken(['storage', 'mode'])) return;
  const isGiven = (key: string): boolean => valueAt(given, ['storage', key]) !== undefined;
  if (config.storage.mode === 'server') {
    const named = addresses.filter(isGiven);
    if (named.length === 1) return;
    const message =
      named.length === 0
        ? 'expected the URL of a ClickHouse server because storage.mode is server, got nothing; add it'
        : `expected one of url, urls and shards, got ${named.join(' and ')}; remove all but one`;
    report(['storage', named.at(-1) ?? 'url'], message);
    return;
  }
  for (const key of ofServer.filter(isGiven)) {
    const message =
      'expected nothing because storage.mode is embedded; remove it or set storage.mode: server';
    report(['storage', key], message);
  }
}

export function checkHttpUrl(path: Path, url: string, report: Report): void {
  if (/^https?:/i.test(url)) return;
  const came = JSON.stringify(new URL(url).protocol);
  report(path, `expected a URL that begins with http: or https:, got ${came}`);
}

function checkUrls({ config, given, isBroken }: CrossCheckInput, report: Report): void {
  const { url, urls, shards } = config.storage;
  const isUrlGiven = valueAt(given, ['storage', 'url']) !== undefined;
  const list: [Path, string][] = isUrlGiven ? [[['storage', 'url'], url]] : [];
  for (const [index, replica] of (urls ?? []).entries()) {
    list.push([['storage', 'urls', index], replica]);
  }
  for (const [shard, replicas] of (shards ?? []).entries()) {
    for (const [index, replica] of replicas.entries()) {
      list.push([['storage', 'shards', shard, index], replica]);
    }
  }
  for (const [path, value] of list) {
    if (isBroken(path)) continue;
    checkHttpUrl(path, value, report);
    checkNoCredentials(path, value, report);
  }
}

/** They have fields of their own, which are known to be secret. */
function checkNoCredentials(path: Path, url: string, report: Report): void {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return;
  const message =
    'expected a URL without user and password, got one with them; ' +
    'set storage.username and storage.password';
  report(path, message);
}

function checkCluster(storage: Storage, { isBroken }: CrossCheckInput, report: Report): void {
  const { urls, shards, cluster, tls } = storage;
  const path = (key: string): Path => ['storage', 'cluster', key];
  const count = shards?.flat().length ?? urls?.length ?? 1;
  if (cluster.name === undefined && count > 1 && !isBroken(path('name'))) {
    const message =
      `expected the name of the cluster because storage has ${count} URLs, got none; ` +
      'an insert may be repeated at another server only where tables are replicated';
    report(path('name'), message);
  }
  if (cluster.cold_volume !== undefined && cluster.storage_policy === undefined) {
    const message = 'expected a storage policy because cold_volume is set, got none; add it';
    report(path('storage_policy'), message);
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    const message = 'expected both cert and key or none of them, got one; add the other';
    report(['storage', 'tls', tls.cert === undefined ? 'cert' : 'key'], message);
  }
}

const shortestTimeoutMs = 1_000;
const shortestRetentionMs = 60_000;
/** Byte ranges are kept for so long at least: packages/storage/src/migrations/apply-retention.ts. */
const rangesKeptMs = 30 * 86_400_000;

function checkTimes({ config, given, isBroken }: CrossCheckInput, report: Report): void {
  const { retention, ...storage } = config.storage;
  for (const key of ['connect_timeout', 'insert_timeout'] as const) {
    if (storage[key] >= shortestTimeoutMs) continue;
    const least = formatQuantity(shortestTimeoutMs, 'duration');
    const came = JSON.stringify(valueAt(given, ['storage', key]));
    report(['storage', key], `expected at least ${least}, got ${came}`);
  }
  for (const [table, value] of Object.entries(retention)) {
    if (value === 0 || value >= shortestRetentionMs) continue;
    const path = ['storage', 'retention', table];
    const came = JSON.stringify(valueAt(given, path));
    report(path, `expected at least 1m, or 0 to keep rows for ever, got ${came}`);
  }
  const path = ['transport', 'kafka', 'topics', 'retention'];
  const kept = retention.logs === 0 ? Infinity : Math.max(rangesKeptMs, retention.logs);
  if (config.transport.kafka.topics.retention <= kept || isBroken(path)) return;
  const message =
    `expected at most ${formatQuantity(kept, 'duration')}, for which the byte ranges of stored lines are kept, ` +
    `got ${JSON.stringify(valueAt(given, path))}; shorten it or raise storage.retention.logs`;
  report(path, message);
}
