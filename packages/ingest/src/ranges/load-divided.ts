import type { Engine } from '@plimsoll/storage';
import { batchToken } from '../plan/plan-units.ts';
import { divisionPrefix } from './range-rows.ts';

/** Tokens of the inserts of a batch that an earlier try divided. */
export async function loadDivided(
  engine: Engine,
  batch: { partition: string; first: number; last: number },
  signal: AbortSignal,
): Promise<Set<string>> {
  const tokens = new Set<string>();
  const rows = engine.stream<{ file_id: string }>(
    `SELECT DISTINCT file_id FROM log_ranges
     WHERE tenant = '' AND startsWith(file_id, {prefix:String}) AND partition = {partition:String} AND batch = {first:UInt64}`,
    {
      params: {
        prefix: `${divisionPrefix}${batchToken(batch)}:`,
        partition: batch.partition,
        first: batch.first,
      },
      ofPartition: { partition: batch.partition, table: 'log_ranges' },
      signal,
    },
  );
  for await (const part of rows) {
    for (const { file_id: name } of part) tokens.add(name.slice(divisionPrefix.length));
  }
  return tokens;
}
