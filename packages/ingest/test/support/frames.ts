import { encodeFrame, hostLabels, type LogFormat, type RowTable } from '@plimsoll/model';

export interface TestChunk {
  fileId?: string;
  start: number;
  /** Of format records: where the range ends that the records come from. */
  end?: number;
  bytes: Buffer | string;
}

export interface FrameOptions {
  sequence?: number;
  epoch?: number;
  format?: LogFormat;
  createdAtMs?: number;
  containerName?: string;
}

const origin = ({
  sequence = 0,
  epoch = 1,
  createdAtMs = Date.UTC(2026, 0, 15, 10),
}: FrameOptions) => ({
  tenant: 'default',
  host: 'host1',
  boot_id: 'boot',
  collector_id: 'collector1',
  epoch,
  sequence,
  created_at_ms: createdAtMs,
});

/** A logs frame as a collector makes it. */
export async function logsFrame(
  chunks: readonly TestChunk[],
  options: FrameOptions = {},
): Promise<Buffer> {
  const { format = 'plain', containerName = 'web' } = options;
  const fileIds = [...new Set(chunks.map((chunk) => chunk.fileId ?? 'f1'))];
  const parts = chunks.map((chunk) => Buffer.from(chunk.bytes));
  const header = {
    ...origin(options),
    sources: fileIds.map((fileId) => ({
      labels: {
        ...hostLabels('default', 'host1'),
        container_id: 'c1',
        container_name: containerName,
      },
      format,
      file_id: fileId,
      path: '/log',
      stream: '',
    })),
    chunks: chunks.map((chunk, index) => ({
      source: fileIds.indexOf(chunk.fileId ?? 'f1'),
      start: chunk.start,
      end: chunk.end ?? chunk.start + (parts[index]?.length ?? 0),
      ...(format === 'records' && { bytes: parts[index]?.length ?? 0 }),
      lines: (parts[index] ?? Buffer.alloc(0)).filter((byte) => byte === 10).length,
    })),
  };
  return encodeFrame({ kind: 'logs', header }, parts);
}

export interface TestRows {
  table: RowTable;
  columns: string[];
  rows: readonly (readonly unknown[])[];
}

export async function rowsFrame(
  { table, columns, rows }: TestRows,
  options: FrameOptions = {},
): Promise<Buffer> {
  const header = { ...origin(options), table, columns, rows: rows.length };
  const payload = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return encodeFrame({ kind: 'rows', header }, [payload]);
}
