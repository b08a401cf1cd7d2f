/**
 * What a header must be before anything is made of it: a frame's checksum says that it came as it was
 * made, not that it was made well, and whoever may write to the topic may write anything.
 */
import {
  limits,
  rowTables,
  targetLabelNames,
  type FrameOrigin,
  type LogsHeader,
  type RowsHeader,
} from '@plimsoll/model';

/** The last second that a DateTime can hold. */
const maxTimeMs = 0xffff_ffff * 1000;

/** @returns what is wrong, or null */
export function logsHeaderProblem(header: LogsHeader): string | null {
  const { sources, chunks } = header;
  const problem = originProblem(header);
  if (problem !== null) return problem;
  if (chunks.length > limits.maxFrameChunks) {
    return `chunks: expected at most ${limits.maxFrameChunks}, got ${chunks.length}`;
  }
  for (const { labels, file_id: fileId, stream } of sources) {
    if (!isName(fileId) || fileId === '') return expected('file_id', 'a name', fileId);
    if (!isText(stream)) return expected('stream', 'text', stream);
    const strange = targetLabelNames.find((name) => !isText(labels[name]));
    if (strange !== undefined) return expected(`labels.${strange}`, 'text', labels[strange]);
  }
  for (const { start, end, lines } of chunks) {
    if (!isCount(start) || !isCount(end)) return `chunk: expected bytes, got [${start}, ${end})`;
    if (!isCount(lines)) return expected('chunk: lines', 'a number', lines);
  }
  return null;
}

/** @returns what is wrong, or null */
export function rowsHeaderProblem(header: RowsHeader): string | null {
  const { table, columns } = header;
  const problem = originProblem(header);
  if (problem !== null) return problem;
  // Names become part of a statement: only those there are may.
  if (!rowTables.includes(table)) {
    return expected('table', `one of ${rowTables.join(', ')}`, table);
  }
  const strange = columns.find((column) => !/^[a-z_][a-z0-9_]*$/.test(column));
  if (strange === undefined && columns.length > 0) return null;
  return expected('columns', 'column names', strange ?? columns);
}

function originProblem(header: FrameOrigin): string | null {
  const { tenant, host, collector_id: collectorId, epoch, sequence } = header;
  if (!isName(tenant)) return expected('tenant', 'a name', tenant);
  if (!isText(host)) return expected('host', 'text', host);
  if (!isName(collectorId)) return expected('collector_id', 'a name', collectorId);
  if (!isCount(epoch)) return expected('epoch', 'a whole number', epoch);
  if (!isCount(sequence)) return expected('sequence', 'a whole number', sequence);
  const timeMs = header.created_at_ms;
  if (isCount(timeMs) && timeMs <= maxTimeMs) return null;
  return expected('created_at_ms', 'milliseconds between 1970 and 2106', timeMs);
}

/** Part of a file's name: what the engine gives back must be what it was given. */
function isName(value: unknown): value is string {
  return isText(value) && value.isWellFormed() && !value.includes('\n');
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function expected(field: string, wanted: string, got: unknown): string {
  return `${field}: expected ${wanted}, got ${JSON.stringify(got)?.slice(0, 200) ?? 'nothing'}`;
}
