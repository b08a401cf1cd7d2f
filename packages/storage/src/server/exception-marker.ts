/**
 * An error after the first bytes of an answer: the status was 200 already, so a server writes the
 * error behind the rows and ends the answer:
 *
 *   CR LF `__exception__` CR LF tag CR LF `Code: 241. DB::Exception: …` …
 *
 * (older ones only `Code: …` in a line of its own). In the formats asked for here no row holds a bare
 * CR or begins with C.
 */
import { toStorageError } from '../engine-error.ts';

const marker = /\r\n__exception__\r\n|\nCode: \d+\. DB::Exception: /;
const markerAtBegin = /^(?:\r\n__exception__\r\n|Code: \d+\. DB::Exception: )/;
/** Longer than any of the markers. */
const keptBytes = 32;
const maxTextBytes = 16 * 1024;

/** @throws {StorageError} what the server wrote behind the rows */
export async function* withoutException(
  stream: AsyncIterable<unknown>,
): AsyncGenerator<Buffer, void, undefined> {
  let kept: Buffer = Buffer.alloc(0);
  let text = '';
  let isBegin = true;
  for await (const part of stream) {
    const chunk = Buffer.isBuffer(part) ? part : Buffer.from(String(part));
    if (text !== '') {
      if (text.length < maxTextBytes) text += chunk.toString('latin1');
      continue;
    }
    const bytes = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
    // The rows are scanned from their end, where alone it can stand.
    const tail = Math.max(0, bytes.length - maxTextBytes);
    const scanned = bytes.toString('latin1', tail);
    const isAtBegin = isBegin && tail === 0 && markerAtBegin.test(scanned);
    const at = isAtBegin ? 0 : marker.exec(scanned)?.index;
    if (at !== undefined) {
      text = bytes.toString('latin1', tail + at);
      if (tail + at > 0) yield bytes.subarray(0, tail + at);
      kept = Buffer.alloc(0);
      continue;
    }
    const end = Math.max(0, bytes.length - keptBytes);
    if (end > 0) {
      isBegin = false;
      yield bytes.subarray(0, end);
    }
    kept = bytes.subarray(end);
  }
  if (text !== '') throw toStorageError(new Error(utf8(text.slice(0, maxTextBytes))));
  if (kept.length > 0) yield kept;
}

function utf8(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}
