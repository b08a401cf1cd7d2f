import type { LogSource, Member, RowTable } from '@plimsoll/model';
import type { LogTable } from './log-table.ts';
import type { FileChunk } from './trim-chunks.ts';

/** A chunk on its way to the table of its format. */
export interface LogChunkRow extends FileChunk {
  tenant: string;
  source: LogSource;
  /** The bytes `[start, end)`, or the records that come from them, as they came. */
  content: Pick<Member, 'codec' | 'bytes'>;
  /** Bytes of content, decompressed; 0: nothing to insert, all was withheld. */
  bytes: number;
  /** Complete records within. */
  lines: number;
  /** docker-json: no line of it is a part of a split line. */
  isWhole: boolean;
  receivedAtMs: number;
  /** Offset of the frame it came in. */
  offset: number;
}

/** A rows frame on its way to its table. */
export interface RowsPart {
  table: RowTable;
  columns: string[];
  rows: number;
  payload: Buffer;
  offset: number;
  identity: { collector_id: string; epoch: number; sequence: number };
}

/** What one insert statement carries. `token` is the same for the same batch, always. */
export type InsertUnit =
  | { kind: 'logs'; token: string; table: LogTable; rawBytes: number; chunks: LogChunkRow[] }
  | { kind: 'rows'; token: string; table: RowTable; columns: string[]; parts: RowsPart[] };
