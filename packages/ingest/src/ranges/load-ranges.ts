import type { Engine } from '@plimsoll/storage';
import { keyOf, type FileKey } from './file-key.ts';
import type { Range, RangeSet } from './range-set.ts';

/** The batch that asks: its own rows and later ones of its partition are none of its past. */
export interface AskingBatch {
  partition: string;
  first: number;
}

/** Files in one query, and characters of their names: they travel as parameters. */
const maxFilesPerQuery = 1000;
const maxTextPerQuery = 64 * 1024;
/** Rows that one query joins: it holds them in memory, some 100 bytes each. */
const maxRowsPerQuery = 2_000_000;

const known = `
FROM log_ranges
WHERE tenant IN {tenants:Array(String)} AND file_id IN {files:Array(String)}
    AND NOT (partition = {partition:String} AND batch >= {first:UInt64})`;

/**
 * Nearly every file is one range: each row begins where another ends, but for the first. Then the
 * sums of hashes are the same, which takes no memory, however many rows there are.
 */
const summarySql = `
SELECT tenant, file_id, min(start) AS range_start, max(end) AS range_end, count() AS rows,
    sum(cityHash64(start)) - cityHash64(min(start)) = sum(cityHash64(end)) - cityHash64(max(end)) AS is_whole
${known}
GROUP BY tenant, file_id`;

/**
 * Rows of one file that touch or overlap are one range: each row that begins behind everything
 * before it begins a new one, and the number of those so far names it.
 */
const rangesSql = `
SELECT tenant, file_id, min(start) AS range_start, max(end) AS range_end
FROM (
    SELECT tenant, file_id, start, end,
        sum(is_first) OVER (PARTITION BY tenant, file_id ORDER BY start RANGE UNBOUNDED PRECEDING) AS number
    FROM (
        SELECT tenant, file_id, start, end,
            start > max(end) OVER (PARTITION BY tenant, file_id ORDER BY start ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_first
        ${known}
    )
)
GROUP BY tenant, file_id, number
ORDER BY tenant, file_id, range_start`;

interface RangeRow {
  tenant: string;
  file_id: string;
  range_start: number;
  range_end: number;
}

interface SummaryRow extends RangeRow {
  rows: number;
  is_whole: number;
}

interface Asking {
  batch: AskingBatch;
  signal: AbortSignal;
}

/**
 * What is stored of each file as far as a batch may know: nothing of itself and of later batches of
 * its partition, which a try that died may have left. A file without a row is not in the answer.
 */
export async function loadRanges(
  engine: Engine,
  files: readonly FileKey[],
  asking: Asking,
): Promise<Map<string, RangeSet>> {
  const sets = new Map<string, Range[]>();
  const broken: (FileKey & { rows: number })[] = [];
  for (const group of groupsOf(files.map((file) => ({ ...file, rows: 0 })))) {
    for await (const row of select<SummaryRow>(engine, summarySql, { ...asking, files: group })) {
      const { tenant, file_id: fileId, rows } = row;
      if (row.is_whole === 1) sets.set(keyOf({ tenant, fileId }), [rangeOf(row)]);
      else broken.push({ tenant, fileId, rows });
    }
  }
  for (const group of groupsOf(broken)) {
    for await (const row of select<RangeRow>(engine, rangesSql, { ...asking, files: group })) {
      const key = keyOf({ tenant: row.tenant, fileId: row.file_id });
      const set = sets.get(key);
      if (set) set.push(rangeOf(row));
      else sets.set(key, [rangeOf(row)]);
    }
  }
  return sets;
}

async function* select<Row>(
  engine: Engine,
  sql: string,
  { files, batch, signal }: Asking & { files: readonly FileKey[] },
): AsyncGenerator<Row> {
  const params = {
    tenants: [...new Set(files.map(({ tenant }) => tenant))],
    files: [...new Set(files.map(({ fileId }) => fileId))],
    partition: batch.partition,
    first: batch.first,
  };
  // A replica that lacks the last moments would let chunks pass that are stored.
  const ofPartition = { partition: batch.partition, table: 'log_ranges' };
  for await (const rows of engine.stream<Row>(sql, { params, ofPartition, signal })) yield* rows;
}

function rangeOf({ range_start: start, range_end: end }: RangeRow): Range {
  return { start, end };
}

/** One tenant in each: file names of several would be multiplied by them. */
function groupsOf(files: readonly (FileKey & { rows: number })[]): FileKey[][] {
  const groups: FileKey[][] = [];
  const open = new Map<string, { files: FileKey[]; text: number; rows: number }>();
  for (const file of files) {
    const { tenant, fileId, rows } = file;
    let group = open.get(tenant);
    const isFull =
      group === undefined ||
      group.files.length >= maxFilesPerQuery ||
      group.text + fileId.length > maxTextPerQuery ||
      group.rows + rows > maxRowsPerQuery;
    if (group === undefined || isFull) {
      group = { files: [], text: 0, rows: 0 };
      open.set(tenant, group);
      groups.push(group.files);
    }
    group.files.push({ tenant, fileId });
    group.text += fileId.length;
    group.rows += rows;
  }
  return groups;
}
