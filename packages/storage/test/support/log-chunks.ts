import type { Engine } from '../../src/index.ts';

/** What each table of chunks is for. */
export type ChunkKind = 'docker' | 'docker_split' | 'cri' | 'plain' | 'pushes';

export interface TestChunk {
  bytes: Buffer | string;
  start?: number;
  fileId?: string;
  containerId?: string;
  stream?: string;
  receivedAt?: string;
  batch?: number;
}

interface InsertOptions {
  kind?: ChunkKind;
  token?: string;
  /** By `performance.now()`. */
  notAfterMs?: number;
}

/** Inserts chunks as ingest does; the test of the real encoder is ingest's. */
export async function insertChunks(
  engine: Engine,
  chunks: readonly TestChunk[],
  { kind = 'docker', token, notAfterMs }: InsertOptions = {},
): Promise<void> {
  const rows = chunks.map((chunk) => {
    const bytes = Buffer.from(chunk.bytes);
    const start = chunk.start ?? 0;
    const texts = [
      'default',
      'host1',
      chunk.containerId ?? 'c1',
      'web',
      chunk.stream ?? '',
      chunk.fileId ?? 'f1',
    ];
    return Buffer.concat([
      signed64(Date.parse(`${chunk.receivedAt ?? '2026-01-15 10:00:00.000'}Z`)),
      ...texts.map((text) => sized(Buffer.from(text))),
      signed64(start),
      signed64(start + bytes.length),
      sized(Buffer.from('direct')),
      signed64(chunk.batch ?? 1),
      sized(bytes),
    ]);
  });
  await engine.insert({
    table: kind === 'pushes' ? 'log_pushes' : `log_chunks_${kind}`,
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
    format: 'RowBinary',
    data: rows,
    ...(token === undefined ? {} : { token }),
    ...(notAfterMs === undefined ? {} : { notAfterMs }),
  });
}

/** RowBinary: a DateTime64(3) or an integer. */
function signed64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

/** RowBinary: a String, its length as a base-128 number before it. */
function sized(bytes: Buffer): Buffer {
  const length: number[] = [];
  let left = bytes.length;
  for (; left >= 128; left = Math.floor(left / 128)) length.push((left % 128) | 128);
  return Buffer.concat([Buffer.from([...length, left]), bytes]);
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
