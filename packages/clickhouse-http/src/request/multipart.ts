/** `multipart/form-data`, in which drivers send long parameters. Small: it is held as a whole. */
import { ClickHouseException } from '../exception.ts';

export const maxMultipartBytes = 16 * 1024 * 1024;

/** Null for a body of another kind. */
export function multipartBoundary(contentType: string): string | null {
  const match = /^multipart\/form-data\s*;.*\bboundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(
    contentType,
  );
  return match ? (match[1] ?? match[2] ?? null) : null;
}

/**
 * @returns the fields in order
 * @throws {ClickHouseException} BAD_ARGUMENTS, NOT_IMPLEMENTED for a file (a table of the client's own)
 */
export function readMultipart(body: Buffer, boundary: string): [name: string, value: string][] {
  const fields: [string, string][] = [];
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const framed = Buffer.concat([Buffer.from('\r\n'), body]);
  let at = framed.indexOf(delimiter);
  while (at >= 0) {
    const start = at + delimiter.length;
    if (framed.toString('latin1', start, start + 2) === '--') return fields;
    const next = framed.indexOf(delimiter, start);
    if (next < 0) break;
    fields.push(readPart(framed.subarray(start, next)));
    at = next;
  }
  throw new ClickHouseException('BAD_ARGUMENTS', 'multipart/form-data: ended too early');
}

function readPart(part: Buffer): [string, string] {
  const end = part.indexOf('\r\n\r\n');
  const head = part.toString('latin1', 0, Math.max(end, 0));
  const name = /content-disposition:[^\r\n]*\bname="([^"]*)"/i.exec(head)?.[1];
  if (end < 0 || name === undefined) {
    throw new ClickHouseException(
      'BAD_ARGUMENTS',
      'multipart/form-data: expected parts with a name',
    );
  }
  if (/\bfilename=/i.test(head)) {
    throw new ClickHouseException(
      'NOT_IMPLEMENTED',
      'External tables are not supported here: insert into a temporary table of a session',
    );
  }
  return [name, part.toString('utf8', end + 4)];
}
