import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';

/** A line's place in the one total order of all lines: newest first is this order reversed. */
export interface LinePlace {
  /** Nanoseconds since 1970 in decimal. */
  timeNs: string;
  fileId: string;
  /** First byte of the record in its file, in decimal. */
  position: string;
}

const decimal = z.string().regex(/^\d{1,19}$/);
const place = z.tuple([decimal, z.string().max(1024), decimal]);

export function encodeLineId(line: LinePlace): string {
  return encodeCursor([line.timeNs, line.fileId, line.position]);
}

/** @throws {QueryError} when the text is no id of a line. */
export function decodeLineId(text: string, parameter = 'id'): LinePlace {
  const [timeNs, fileId, position] = decodeCursor(text, place, parameter);
  return { timeNs, fileId, position };
}
