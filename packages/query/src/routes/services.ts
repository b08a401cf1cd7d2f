import type { FleetSnapshots } from '../fleet/snapshot.ts';
import type { TailHub } from '../logs/tail-hub.ts';
import type { QueryContext } from '../query-context.ts';
import type { SqlRunner } from '../sql/run-sql.ts';

/** What routes share beyond the context: the owners of state. */
export interface QueryServices {
  context: QueryContext;
  fleet: FleetSnapshots;
  tails: TailHub;
  sql: SqlRunner;
}
