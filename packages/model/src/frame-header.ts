/** What the header of a frame says: where it comes from and what its payload holds. */
import type { TargetLabels } from './labels.ts';
import type { RowTable } from './rows.ts';

/** How the bytes of a source are to be split into records. */
export const logFormats = ['docker-json', 'cri', 'plain', 'records', 'pushed'] as const;
export type LogFormat = (typeof logFormats)[number];

/** The payload is not the source's own bytes, but records made of them: a chunk says how long it is. */
export function isOfRecords(format: LogFormat): boolean {
  return format === 'records' || format === 'pushed';
}

/** Where a frame comes from. `epoch` grows with every start of the collector. */
export interface FrameOrigin {
  tenant: string;
  host: string;
  boot_id: string;
  collector_id: string;
  epoch: number;
  sequence: number;
  /** Milliseconds since 1970 when the frame was closed. */
  created_at_ms: number;
}

/** A file that log bytes come from. Shared by all chunks of a frame that name its index. */
export interface LogSource {
  labels: TargetLabels;
  format: LogFormat;
  /** Stable identity of the file's content: device, inode and fingerprint; never re-used. */
  file_id: string;
  path: string;
  /** Stream of a format that does not say it per line; otherwise empty. */
  stream: string;
}

/** A byte range `[start, end)` of one source: whole records only. */
export interface LogChunk {
  /** Index into the header's `sources`. */
  source: number;
  start: number;
  end: number;
  /** Complete records (newlines) within, for accounting. */
  lines: number;
  /** Bytes of payload, where they are not the file's own: see {@link isOfRecords}. Absent: `end - start`. */
  bytes?: number;
  /**
   * docker-json: false says that no line of it is a part of a line that Docker split. Joining parts
   * costs several times as much, so whoever has the bytes in hand looks. Absent: there may be some.
   */
  split?: boolean;
}

export interface LogsHeader extends FrameOrigin {
  sources: LogSource[];
  chunks: LogChunk[];
}

export interface RowsHeader extends FrameOrigin {
  table: RowTable;
  columns: string[];
  rows: number;
}

/** Bytes of payload that a chunk has in its frame. */
export function chunkBytes({ start, end, bytes }: LogChunk): number {
  return bytes ?? end - start;
}
