export { openEngine, type OpenEngineOptions } from './open-engine.ts';
export type {
  AdhocLimits,
  AdhocResult,
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
