import type { Config, Logger } from '@plimsoll/runtime';
import type { Engine } from '@plimsoll/storage';
import type { QueryMetrics } from './http/query-metrics.ts';
import type { ProcessStatus } from './process-status.ts';

/** What every route may use. */
export interface QueryContext {
  engine: Engine;
  config: Config;
  logger: Logger;
  metrics: QueryMetrics;
  status: () => ProcessStatus;
  /** Milliseconds since 1970. */
  now: () => number;
}
