import { expect, test } from 'vitest';
import { clusterDialect } from '../../src/cluster/cluster-dialect.ts';
import { fleet } from '../support/loopback-cluster.ts';

const translate = (sql: string, options = fleet): string =>
  clusterDialect('plimsoll', options).translate(sql);

test('a table is made on every server, replicated within its shard', () => {
  const sql = `-- MergeTree is mentioned; FROM too.
CREATE TABLE IF NOT EXISTS t
(
    a String COMMENT 'ENGINE = MergeTree, FROM x, SETTINGS y'
)
ENGINE = ReplacingMergeTree(a)
ORDER BY a
SETTINGS non_replicated_deduplication_window = 20000, ttl_only_drop_parts = 1
COMMENT 'non_replicated_deduplication_window = 1'`;
  expect(translate(sql)).toBe(`-- MergeTree is mentioned; FROM too.
CREATE TABLE IF NOT EXISTS \`plimsoll_local\`.\`t\` ON CLUSTER \`fleet\`
(
    a String COMMENT 'ENGINE = MergeTree, FROM x, SETTINGS y'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/plimsoll_local/t', '{replica}', a)
ORDER BY a
SETTINGS replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800, ttl_only_drop_parts = 1
COMMENT 'non_replicated_deduplication_window = 1'`);
});

test.each([
  [
    'CREATE TABLE IF NOT EXISTS a AS b\nENGINE = Null',
    'CREATE TABLE IF NOT EXISTS `plimsoll_local`.`a` ON CLUSTER `fleet` AS `plimsoll_local`.`b`\nENGINE = Null',
  ],
  [
    'CREATE MATERIALIZED VIEW IF NOT EXISTS v TO t AS SELECT x FROM n',
    'CREATE MATERIALIZED VIEW IF NOT EXISTS `plimsoll_local`.`v` ON CLUSTER `fleet` TO `plimsoll_local`.`t` AS SELECT x FROM `plimsoll_local`.`n`',
  ],
  [
    'ALTER TABLE t\n    MODIFY SETTING non_replicated_deduplication_window = 20000',
    'ALTER TABLE `plimsoll_local`.`t` ON CLUSTER `fleet`\n    MODIFY SETTING replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800',
  ],
  ['DROP VIEW IF EXISTS v', 'DROP VIEW IF EXISTS `plimsoll_local`.`v` ON CLUSTER `fleet`'],
])('%s', (sql, expected) => {
  expect(translate(sql)).toBe(expected);
});

test('the record of migrations is one for all shards', () => {
  expect(
    translate(
      'CREATE TABLE IF NOT EXISTS schema_migrations (a UInt8)\nENGINE = MergeTree\nORDER BY a',
    ),
  ).toContain(
    "ReplicatedMergeTree('/clickhouse/tables/all/plimsoll_local/schema_migrations', '{shard}-{replica}')",
  );
});

test('a storage policy stands in every table that stores, and only there', () => {
  const tiered = { ...fleet, storagePolicy: 'tiered' };
  const stores = 'CREATE TABLE IF NOT EXISTS t (a UInt8)\nENGINE = MergeTree\nORDER BY a';
  expect(translate(stores, tiered)).toMatch(/ORDER BY a\nSETTINGS storage_policy = 'tiered'$/);
  expect(translate(`${stores}\nCOMMENT 'x'`, tiered)).toMatch(
    /\nSETTINGS storage_policy = 'tiered'\nCOMMENT 'x'$/,
  );
  expect(translate(`${stores}\nSETTINGS x = 1`, tiered)).toMatch(
    /SETTINGS storage_policy = 'tiered', x = 1$/,
  );
  expect(translate('CREATE TABLE IF NOT EXISTS t (a UInt8)\nENGINE = Null', tiered)).not.toContain(
    'storage_policy',
  );
});

test('a kind of statement that is not known is an error, not a guess', () => {
  expect(() => translate('RENAME TABLE a TO b')).toThrow(/expected a kind of statement/);
});
