/**
 * Which statements there are at each level of access, by the root of their syntax tree, and what may
 * stand in the tree of those that make or change tables. What is on no list is refused.
 */
import { allowedForeignTables, allowedNodes } from '@plimsoll/storage';
import type { Access } from '../access.ts';

/** How a statement runs. */
export type Way = 'select' | 'held' | 'command' | 'insert-select' | 'set' | 'use' | 'kill';

interface Rule {
  access: Access;
  way: Way;
}

/** By the first word of the root. */
export const statementKinds: Readonly<Record<string, Rule>> = {
  SelectWithUnionQuery: { access: 'read', way: 'select' },
  SelectIntersectExceptQuery: { access: 'read', way: 'select' },
  Explain: { access: 'read', way: 'held' },
  DescribeQuery: { access: 'read', way: 'held' },
  ExistsTableQuery: { access: 'read', way: 'held' },
  ExistsViewQuery: { access: 'read', way: 'held' },
  ExistsDatabaseQuery: { access: 'read', way: 'held' },
  ExistsDictionaryQuery: { access: 'read', way: 'held' },
  ShowTables: { access: 'read', way: 'held' },
  ShowColumns: { access: 'read', way: 'held' },
  ShowFunctions: { access: 'read', way: 'held' },
  ShowEngineQuery: { access: 'read', way: 'held' },
  ShowCreateTableQuery: { access: 'read', way: 'held' },
  ShowCreateViewQuery: { access: 'read', way: 'held' },
  ShowCreateDatabaseQuery: { access: 'read', way: 'held' },
  Set: { access: 'read', way: 'set' },
  UseQuery: { access: 'read', way: 'use' },
  KillQueryQuery: { access: 'read', way: 'kill' },
  InsertQuery: { access: 'ingest', way: 'insert-select' },
  CheckQuery: { access: 'admin', way: 'held' },
  ShowProcesslistQuery: { access: 'admin', way: 'held' },
  CreateQuery: { access: 'admin', way: 'command' },
  AttachQuery: { access: 'admin', way: 'command' },
  DetachQuery: { access: 'admin', way: 'command' },
  UndropQuery: { access: 'admin', way: 'command' },
  DropQuery: { access: 'admin', way: 'command' },
  TruncateQuery: { access: 'admin', way: 'command' },
  Rename: { access: 'admin', way: 'command' },
  AlterQuery: { access: 'admin', way: 'command' },
  OptimizeQuery: { access: 'admin', way: 'command' },
  DeleteQuery: { access: 'admin', way: 'command' },
  UpdateQuery: { access: 'admin', way: 'command' },
  SYSTEM: { access: 'admin', way: 'command' },
};

/** Below the root of a statement that writes. */
export const allowedInWrites: ReadonlySet<string> = new Set([
  ...allowedNodes,
  ...Object.keys(statementKinds).filter((kind) => statementKinds[kind]?.access !== 'read'),
  'Set',
  'Columns',
  'ColumnDeclaration',
  'NameTypePair',
  'EnumDataType',
  'TupleDataType',
  'ObjectTypeArgument',
  'Index',
  'Constraint',
  'Projection',
  'ProjectionSelectQuery',
  'StatisticsDeclaration',
  'Statistics',
  'Storage',
  'StorageOrderByElement',
  'TTLElement',
  'ViewTargets',
  'ASTViewTargets',
  'RefreshStrategy',
  'TimeInterval',
  'SQLSecurity',
  'AlterCommand',
  'Assignment',
  'Partition',
  'Collation',
]);

/** Changes of a table that reach no file, disk or other server. */
export const allowedAlterations: ReadonlySet<string> = new Set([
  ...['ADD', 'DROP', 'MODIFY', 'COMMENT', 'RENAME', 'MATERIALIZE'].map((verb) => `${verb}_COLUMN`),
  ...['ADD', 'DROP', 'MATERIALIZE'].flatMap((verb) =>
    ['INDEX', 'PROJECTION', 'STATISTICS'].map((noun) => `${verb}_${noun}`),
  ),
  'MODIFY_STATISTICS',
  'ADD_CONSTRAINT',
  'DROP_CONSTRAINT',
  'MODIFY_ORDER_BY',
  'MODIFY_SAMPLE_BY',
  'REMOVE_SAMPLE_BY',
  'MODIFY_TTL',
  'REMOVE_TTL',
  'MATERIALIZE_TTL',
  'MODIFY_SETTING',
  'RESET_SETTING',
  'MODIFY_QUERY',
  'MODIFY_COMMENT',
  'DELETE',
  'UPDATE',
  'APPLY_DELETED_MASK',
  'DROP_PARTITION',
  'DROP_DETACHED_PARTITION',
  'ATTACH_PARTITION',
  'REPLACE_PARTITION',
]);

/**
 * Engines that keep what they have in the data folder or in memory, and lead to no other table.
 * Lower case.
 */
export const allowedEngines =
  /^(?:(?:replacing|summing|aggregating|collapsing|versionedcollapsing|coalescing|graphite)?mergetree|memory|null|log|tinylog|stripelog|set|join|generaterandom|atomic)$/;

export const allowedSystemStatements =
  /^SYSTEM (?:(?:START|STOP) (?:TTL )?MERGES|FLUSH LOGS|DROP (?:MARK|UNCOMPRESSED|COMPILED EXPRESSION|QUERY|QUERY CONDITION) CACHE)\b/;

/** Settings of a table that place its data elsewhere. */
export const forbiddenTableSettings =
  /^(?:disk|storage_policy|table_disk|.*disk_name|.*zookeeper.*|.*keeper.*)$/;

/** Tables outside ordinary databases that tell about the schema and what the engine can. */
const readable: ReadonlySet<string> = new Set([
  ...allowedForeignTables,
  ...[
    'aggregate_function_combinators',
    'build_options',
    'clusters',
    'codecs',
    'collations',
    'completions',
    'constraints',
    'contributors',
    'data_skipping_index_types',
    'data_skipping_indices',
    'database_engines',
    'dictionaries',
    'documentation',
    'keywords',
    'licenses',
    'macros',
    'merge_tree_settings',
    'parts',
    'parts_columns',
    'primes',
    'projections',
    'settings',
    'settings_changes',
    'table_functions',
    'tokenizers',
    'unicode',
  ].map((name) => `system.${name}`),
  ...['views', 'key_column_usage', 'referential_constraints', 'statistics', 'character_sets'].map(
    (name) => `information_schema.${name}`,
  ),
]);

/** What tells about the work of others. */
const administrative: ReadonlySet<string> = new Set(
  [
    'asynchronous_loader',
    'background_schedule_pool',
    'detached_parts',
    'detached_tables',
    'disks',
    'dropped_tables',
    'errors',
    'events',
    'merges',
    'metrics',
    'moves',
    'mutations',
    'processes',
    'projection_parts',
    'query_cache',
    'query_condition_cache',
    'replicas',
    'resources',
    'server_settings',
    'storage_policies',
    'view_refreshes',
    'warnings',
  ].map((name) => `system.${name}`),
);

/** @param name lower case, with its database */
export function mayReadSystemTable(name: string, access: Access): boolean {
  return readable.has(name) || (access === 'admin' && administrative.has(name));
}

export const systemDatabases: ReadonlySet<string> = new Set(['system', 'information_schema']);
