/**
 * Migrations as statements for a cluster: on all its servers, in the database of local tables, and
 * replicated where they store anything. Only the kinds of statement that migrations use are known;
 * any other is an error, and a test translates every migration.
 */
import type { SchemaDialect } from '../migrations/schema-dialect.ts';
import { sqlString } from '../parameters.ts';
import {
  localDatabase,
  onCluster,
  quotedIdentifier,
  type ClusterOptions,
} from './cluster-options.ts';
import { replaceInCode } from './replace-in-code.ts';

/**
 * Tokens that Keeper remembers for each table: at 100 inserts a second those of 16 minutes. Time must
 * not end it sooner: a broker may keep frames for days before anybody stores them.
 */
const replicatedWindow = { blocks: 100_000, seconds: 604_800 };

/** One row for each statement, the same on every server, whatever its shard. */
const tableOfAllShards = 'schema_migrations';

export function clusterDialect(database: string, cluster: ClusterOptions): SchemaDialect {
  const local = localDatabase(database);
  return {
    database: local,
    cold: cluster.cold,
    translate: (sql) => translate(sql, local, cluster),
    readers: (tables) => tables.map((table) => reader(table, database, cluster)),
  };
}

/**
 * A Distributed table with the columns that its local one has now. It has no sharding key, so that
 * it refuses inserts: rows go to the shard of their partition.
 */
function reader(table: string, database: string, cluster: ClusterOptions): string {
  const local = localDatabase(database);
  const names = [cluster.name, local, table].map(sqlString).join(', ');
  return [
    `CREATE OR REPLACE TABLE ${qualified(database, table)} ${onCluster(cluster)}`,
    `AS ${qualified(local, table)} ENGINE = Distributed(${names})`,
  ].join(' ');
}

interface StatementKind {
  begins: RegExp;
  /** The beginning anew; groups as in `begins`. */
  begin: (groups: readonly string[], target: Target) => string;
}

interface Target {
  name: (table: string) => string;
  on: string;
}

const kinds: readonly StatementKind[] = [
  {
    begins: /^CREATE TABLE IF NOT EXISTS (\w+) AS (\w+)/,
    begin: ([table = '', like = ''], { name, on }) =>
      `CREATE TABLE IF NOT EXISTS ${name(table)} ${on} AS ${name(like)}`,
  },
  {
    begins: /^CREATE TABLE IF NOT EXISTS (\w+)/,
    begin: ([table = ''], { name, on }) => `CREATE TABLE IF NOT EXISTS ${name(table)} ${on}`,
  },
  {
    begins: /^CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+) TO (\w+)/,
    begin: ([view = '', table = ''], { name, on }) =>
      `CREATE MATERIALIZED VIEW IF NOT EXISTS ${name(view)} ${on} TO ${name(table)}`,
  },
  {
    begins: /^ALTER TABLE (\w+)/,
    begin: ([table = ''], { name, on }) => `ALTER TABLE ${name(table)} ${on}`,
  },
  {
    begins: /^DROP (VIEW|TABLE) IF EXISTS (\w+)/,
    begin: ([what = '', table = ''], { name, on }) => `DROP ${what} IF EXISTS ${name(table)} ${on}`,
  },
];

function translate(sql: string, local: string, cluster: ClusterOptions): string {
  const comments = /^(?:\s*--[^\n]*\n)*\s*/.exec(sql)?.[0] ?? '';
  const text = sql.slice(comments.length);
  const target = { name: (table: string) => qualified(local, table), on: onCluster(cluster) };
  for (const { begins, begin } of kinds) {
    const match = begins.exec(text);
    if (!match) continue;
    const rest = text.slice(match[0].length);
    return (
      comments +
      begin(match.slice(1), target) +
      translateRest(rest, { table: match[1] ?? '', local, cluster })
    );
  }
  throw new Error(
    `expected a kind of statement that is known for clusters, got ${JSON.stringify(text.slice(0, 60))}; add it to cluster-dialect.ts`,
  );
}

interface Table {
  table: string;
  local: string;
  cluster: ClusterOptions;
}

function translateRest(rest: string, { table, local, cluster }: Table): string {
  let hasEngine = false;
  let hasSettings = false;
  const result = replaceInCode(rest, clauses, (found, groups) => {
    const { from, engine, args } = groups;
    if (from !== undefined) return `FROM ${qualified(local, from)}`;
    if (engine !== undefined) {
      hasEngine = true;
      return `ENGINE = ${replicatedEngine(engine, args, { table, local, cluster })}`;
    }
    if (found === 'SETTINGS ') {
      if (!hasEngine || cluster.storagePolicy === null) return found;
      hasSettings = true;
      return `SETTINGS ${policySetting(cluster.storagePolicy)}, `;
    }
    return `replicated_deduplication_window = ${replicatedWindow.blocks}, replicated_deduplication_window_seconds = ${replicatedWindow.seconds}`;
  });
  if (!hasEngine || hasSettings || cluster.storagePolicy === null) return result;
  const settings = `SETTINGS ${policySetting(cluster.storagePolicy)}`;
  const at = result.search(/\nCOMMENT '(?:[^'\\]|\\.|'')*'\s*$/);
  return at < 0
    ? `${result}\n${settings}`
    : `${result.slice(0, at)}\n${settings}${result.slice(at)}`;
}

const clauses =
  /\bFROM (?<from>\w+)|\bENGINE = (?<engine>\w*MergeTree)\b(?:\((?<args>[^)]*)\))?|\bSETTINGS |\bnon_replicated_deduplication_window = \d+/g;

function replicatedEngine(
  engine: string,
  args: string | undefined,
  { table, local, cluster }: Table,
): string {
  const isOfAll = table === tableOfAllShards;
  const path = cluster.path
    .replaceAll('{database}', local)
    .replaceAll('{table}', table)
    .replaceAll('{shard}', isOfAll ? 'all' : '{shard}');
  const replica = isOfAll ? `{shard}-${cluster.replica}` : cluster.replica;
  const given = args === undefined || args === '' ? [] : [args];
  return `Replicated${engine}(${[sqlString(path), sqlString(replica), ...given].join(', ')})`;
}

function policySetting(policy: string): string {
  return `storage_policy = ${sqlString(policy)}`;
}

function qualified(database: string, table: string): string {
  return `${quotedIdentifier(database)}.${quotedIdentifier(table)}`;
}
