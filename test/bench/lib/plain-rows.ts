/** What one would write first: JSON.parse for each line, rows as JSON. */
import type { Engine } from '@plimsoll/storage';

export const plainRowsPerInsert = 100_000;

const columns = [
  'time',
  'host',
  'container_id',
  'stream',
  'message',
  'file_id',
  'position',
  'ingested_at',
];

/** A line of Docker's own as a row of `logs`. */
export function plainRow(line: string, fileId: string, position: number): string {
  const { log, stream, time } = JSON.parse(line) as { log: string; stream: string; time: string };
  return JSON.stringify({
    time: time.slice(0, -1),
    host: 'bench',
    container_id: 'b',
    stream,
    message: log.trimEnd(),
    file_id: fileId,
    position,
    ingested_at: '2026-01-01 00:00:00',
  });
}

export async function insertPlainRows(engine: Engine, rows: readonly string[]): Promise<void> {
  const data = Buffer.from(rows.join('\n'));
  await engine.insert({ table: 'logs', columns, format: 'JSONEachRow', data });
}
