export { openEngine, type OpenEngineOptions } from './open-engine.ts';
export type {
  AdhocLimits,
  AdhocResult,
  EndpointStatus,
  Engine,
  InsertRequest,
  InsertSummary,
  SelectOptions,
  SqlParameter,
} from './engine.ts';
export {
  StorageError,
  storageErrorCodes,
  type StorageErrorCode,
  type TextPosition,
} from './storage-error.ts';
export type { StorageLogger } from './logger.ts';
export { migrate, type MigrateOptions, type MigrateResult } from './migrations/migrate.ts';
export type { Retention } from './migrations/apply-retention.ts';
export {
  rawAccessOf,
  type RawAccess,
  type RawConnection,
  type RawPipe,
  type RawProgress,
  type RawResult,
  type RawWritten,
  type StagedFile,
} from './raw-access.ts';
export { sqlString } from './parameters.ts';
export { parseSyntaxTree, type SyntaxNode } from './adhoc/syntax-tree.ts';
export {
  allowedForeignTables,
  allowedNodes,
  allowedTableFunctions,
  forbiddenCategories,
  forbiddenFunctions,
  maxStatementBytes,
} from './adhoc/statement-policy.ts';
export { printSchema, type PrintSchemaOptions } from './cluster/print-schema.ts';
export type { ClusterOptions } from './cluster/cluster-options.ts';
