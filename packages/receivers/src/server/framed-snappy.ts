/**
 * Snappy's framing format (google/snappy, framing_format.txt), which some programs mean by
 * `Content-Encoding: snappy`:
 *
 * ```
 * stream = FF 06 00 00 "sNaPpY" chunk*
 * chunk  = type u8, length u24 LE, data     00: CRC-32C u32 LE, block      01: CRC-32C, bytes
 *                                           80 to FE: padding, passed over
 * ```
 *
 * Checksums are not verified: TCP and, where it is used, TLS did.
 */
import { uncompressSync } from 'snappy';
import { ReceiverError } from '../receiver-error.ts';

const streamIdentifier = Buffer.from('ff060000734e61507059', 'hex');
/** Of one chunk, decompressed. */
const maxChunkBytes = 65_536;

/** No block begins so: it would begin with a copy from before its beginning. */
export function isFramedSnappy(body: Buffer): boolean {
  return body.subarray(0, streamIdentifier.length).equals(streamIdentifier);
}

/** @throws {Error} on anything else; {ReceiverError} `body_too_large` */
export function uncompressFramed(body: Buffer, maxBytes: number): Buffer {
  const parts: Buffer[] = [];
  let total = 0;
  for (let at = 0; at < body.length;) {
    const type = body.readUInt8(at);
    const length = body.readUIntLE(at + 1, 3);
    const data = body.subarray(at + 4, at + 4 + length);
    if (data.length < length) throw new Error('expected a whole chunk');
    at += 4 + length;
    const part = chunkOf(type, data);
    total += part.length;
    if (total > maxBytes) {
      throw new ReceiverError(
        'body_too_large',
        `body: expected at most ${maxBytes} bytes after decompression; send smaller batches`,
      );
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function chunkOf(type: number, data: Buffer): Buffer {
  if (type === 0xff || (type >= 0x80 && type <= 0xfe)) return Buffer.alloc(0);
  if (type > 1) throw new Error(`expected a chunk that may be passed over, got type ${type}`);
  if (data.length < 4) throw new Error('expected a checksum');
  const content = data.subarray(4);
  if (type === 1) return content;
  const raw = uncompressSync(content, { asBuffer: true });
  const bytes = Buffer.isBuffer(raw) ? raw : Buffer.from(raw);
  if (bytes.length > maxChunkBytes) throw new Error('expected at most 64 KiB in a chunk');
  return bytes;
}
