import type { Engine } from '../../src/index.ts';

/** What each table of chunks is for. */
export type ChunkKind = 'docker' | 'docker_split' | 'cri' | 'plain';

export interface TestChunk {
  bytes: Buffer | string;
  start?: number;
  fileId?: string;
  containerId?: string;
  stream?: string;
  receivedAt?: string;
  batch?: number;
}

/** Inserts chunks as ingest does; the test of the real encoder is ingest's. */
export async function insertChunks(
  engine: Engine,
  chunks: readonly TestChunk[],
  { kind = 'docker', token }: { kind?: ChunkKind; token?: string } = {},
): Promise<void> {
  const rows = chunks.map((chunk) => {
    const bytes = Buffer.from(chunk.bytes);
    const start = chunk.start ?? 0;
    return JSON.stringify({
      received_at: chunk.receivedAt ?? '2026-01-15 10:00:00.000',
      tenant: 'default',
      host: 'host1',
      container_id: chunk.containerId ?? 'c1',
      container_name: 'web',
      stream: chunk.stream ?? '',
      file_id: chunk.fileId ?? 'f1',
      start,
      end: start + bytes.length,
      partition: 'direct',
      batch: chunk.batch ?? 1,
      data: bytes.toString('base64'),
    });
  });
  await engine.insert({
    table: `log_chunks_${kind}`,
    columns: [
      'received_at',
      'tenant',
      'host',
      'container_id',
      'container_name',
      'stream',
      'file_id',
      'start',
      'end',
      'partition',
      'batch',
      'data',
    ],
    format: 'JSONEachRow',
    data: Buffer.from(`${rows.join('\n')}\n`),
    ...(token === undefined ? {} : { token }),
  });
}

/** A line as Docker's json-file writes it. */
export function dockerLine(log: string, options: { stream?: string; time?: string } = {}): string {
  const { stream = 'stdout', time = '2026-01-15T09:00:00.123456789Z' } = options;
  return `{"log":${JSON.stringify(log)},"stream":"${stream}","time":"${time}"}\n`;
}

export interface StoredLine {
  time: string;
  stream: string;
  severity: string;
  message: string;
  message_raw: string;
  position: number;
}

export async function storedLines(engine: Engine, fileId = 'f1'): Promise<StoredLine[]> {
  return engine.select<StoredLine>(
    `SELECT toString(time) AS time, stream, severity, message, message_raw, position
     FROM logs WHERE file_id = {file:String} ORDER BY position`,
    { params: { file: fileId } },
  );
}
