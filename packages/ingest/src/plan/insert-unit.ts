import type { FrameOrigin, LogSource, Member, RowTable } from '@plimsoll/model';
import type { FileKey } from '../ranges/file-key.ts';
import type { LogTable } from './log-table.ts';
import type { FileChunk } from './trim-chunks.ts';

/** What a log chunk and a rows frame have in common: a range of a file that is to be stored once. */
export interface Part extends FileChunk, FileKey {
  /** Of the frame it came in. */
  origin: FrameOrigin;
  offset: number;
}

/** A chunk on its way to the table of its format. */
export interface LogChunkRow extends Part {
  source: LogSource;
  /** Its place among the chunks of its frame. */
  index: number;
  /** The bytes `[start, end)`, or the records that come from them, as they came. */
  content: Pick<Member, 'codec' | 'bytes'>;
  /** Bytes of content, decompressed; 0: nothing to insert, all was withheld. */
  bytes: number;
  /** Complete records within. */
  lines: number;
  /** docker-json: no line of it is a part of a split line. */
  isWhole: boolean;
}

/** A rows frame on its way to its table. Its range is its sequence number. */
export interface RowsPart extends Part {
  table: RowTable;
  columns: string[];
  /** As counted, whatever the header says. */
  rows: number;
  payload: Buffer;
}

/** What one insert statement carries. `token` is the same for the same batch, always. */
export type InsertUnit =
  | { kind: 'logs'; token: string; table: LogTable; rawBytes: number; parts: LogChunkRow[] }
  | { kind: 'rows'; token: string; table: RowTable; columns: string[]; parts: RowsPart[] };
