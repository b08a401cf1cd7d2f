/** What a letter is about, read from the header of its frame. */
import { openFrame, type LogsHeader } from '@plimsoll/model';
import { messageOf } from '@plimsoll/runtime';

export type LetterContent =
  | { kind: 'logs'; tenant: string; host: string; ranges: LetterRange[] }
  | { kind: 'rows'; tenant: string; host: string; table: string; rows: number }
  /** No frame that this version can read, and why. */
  | { kind: 'unreadable'; problem: string };

/** Bytes `[start, end)` of one file. */
export interface LetterRange {
  container: string;
  path: string;
  format: string;
  file_id: string;
  start: number;
  end: number;
  lines: number;
}

/** Chunks of a frame that are named; a letter of the engine's has one. */
const maxRanges = 100;

/** Never rejects. */
export async function letterContent(bytes: Buffer): Promise<LetterContent> {
  try {
    const frame = await openFrame(bytes);
    const { tenant, host } = frame.header;
    if (frame.kind === 'logs') {
      return { kind: 'logs', tenant, host, ranges: rangesOf(frame.header) };
    }
    const { table, rows } = frame.header;
    return { kind: 'rows', tenant, host, table, rows };
  } catch (error) {
    return { kind: 'unreadable', problem: messageOf(error) };
  }
}

function rangesOf({ chunks, sources }: LogsHeader): LetterRange[] {
  return chunks.slice(0, maxRanges).map(({ source, start, end, lines }) => {
    const { labels, path = '', format = '', file_id = '' } = sources[source] ?? {};
    const { container_name: name = '', container_id: id = '' } = labels ?? {};
    return {
      container: name === '' ? id.slice(0, 12) : name,
      path,
      format,
      file_id,
      start,
      end,
      lines,
    };
  });
}
