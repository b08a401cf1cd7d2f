/** Where in a request its statement is, and where the data of an insert: URL, body, or both. */
import { maxStatementBytes } from '@plimsoll/storage';
import { ClickHouseException } from '../exception.ts';
import { unpackBlocks } from '../native-compression/block-compressor.ts';
import { readInsertHeader, type InsertHeader } from '../statement/insert-header.ts';
import type { InsertData } from '../run/run-insert.ts';
import type { Body } from './body.ts';
import type { Request } from './read-request.ts';

export type StatementSource =
  | { kind: 'insert'; text: string; header: InsertHeader; data: InsertData }
  | { kind: 'statement'; text: string };

/** @throws {ClickHouseException} SYNTAX_ERROR for too long a text; what reading the body throws */
export async function findStatement(request: Request, body: Body): Promise<StatementSource> {
  const inUrl = splitInsert(Buffer.from(request.query));
  if (inUrl) {
    const rest = body.isAbsent ? null : body.plain();
    const isWholeBody = inUrl.inline.length === 0;
    return {
      kind: 'insert',
      text: request.query,
      header: inUrl.header,
      data: { inline: inUrl.inline, rest, isWholeBody },
    };
  }
  const chunks = request.http.decompress ? unpackBlocks(body.plain()) : body.plain();
  const head = await readHead(chunks, request.query);
  const split = splitInsert(head.bytes);
  if (split) {
    const rest = head.isAll ? null : chunks;
    const text = head.bytes.toString('utf8', 0, head.bytes.length - split.inline.length);
    // What follows is unpacked already.
    request.http.decompress = false;
    return {
      kind: 'insert',
      text,
      header: split.header,
      data: { ...split, rest, isWholeBody: false },
    };
  }
  if (!head.isAll) throw tooLong();
  return { kind: 'statement', text: decode(head.bytes) };
}

/** The statement as far as it may be long, and whether the body went on. */
async function readHead(
  chunks: AsyncGenerator<Buffer, void, undefined>,
  query: string,
): Promise<{ bytes: Buffer; isAll: boolean }> {
  const parts: Buffer[] = query === '' ? [] : [Buffer.from(`${query}\n`)];
  let bytes = parts[0]?.length ?? 0;
  while (bytes <= maxStatementBytes) {
    const { done, value } = await chunks.next();
    if (done) return { bytes: Buffer.concat(parts), isAll: true };
    parts.push(value);
    bytes += value.length;
  }
  return { bytes: Buffer.concat(parts), isAll: false };
}

function splitInsert(bytes: Buffer): { header: InsertHeader; inline: Buffer } | null {
  // Data may be no text; the header in front of it is.
  const text = bytes.subarray(0, maxStatementBytes).toString('utf8');
  const found = readInsertHeader(text);
  if (found?.kind !== 'data') return null;
  const head = text.slice(0, found.header.dataStart);
  if (head.includes('\ufffd')) throw notText();
  return { header: found.header, inline: bytes.subarray(Buffer.byteLength(head)) };
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw notText();
  }
}

function notText(): ClickHouseException {
  return new ClickHouseException('SYNTAX_ERROR', 'Syntax error: expected a statement in UTF-8');
}

function tooLong(): ClickHouseException {
  return new ClickHouseException(
    'SYNTAX_ERROR',
    `Syntax error: Max query size exceeded: expected a statement of at most ${maxStatementBytes} bytes`,
  );
}
