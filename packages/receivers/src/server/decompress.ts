/** Content-Encoding, with a bound on what comes out: a few bytes can stand for gigabytes. */
import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib';
import { Semaphore } from '@plimsoll/runtime';
import { uncompressSync } from 'snappy';
import { ReceiverError } from '../receiver-error.ts';
import { isFramedSnappy, uncompressFramed } from './framed-snappy.ts';

export const contentEncodings = ['identity', 'gzip', 'deflate', 'snappy', 'zstd'] as const;
export type ContentEncoding = (typeof contentEncodings)[number];

/** At once: what they make is not counted until it is made. */
const maxDecompressions = 2;

const gunzipAsync = promisify(gunzip);
const inflateAsync = promisify(inflate);
const inflateRawAsync = promisify(inflateRaw);
const zstdAsync = promisify(zstdDecompress);

/** @throws {ReceiverError} `unsupported_encoding` */
export function contentEncodingOf(header: string | undefined): ContentEncoding {
  const name = (header ?? '').trim().toLowerCase();
  if (name === '') return 'identity';
  const known = contentEncodings.find((encoding) => encoding === name || `x-${encoding}` === name);
  if (known !== undefined) return known;
  if (name === 'x-snappy-framed') return 'snappy';
  throw new ReceiverError(
    'unsupported_encoding',
    `Content-Encoding: expected one of ${contentEncodings.join(', ')}, ` +
      `got ${JSON.stringify(name.slice(0, 40))}`,
  );
}

export class Decompressor {
  readonly #maxBytes: number;
  readonly #turns = new Semaphore(maxDecompressions);

  /** @param maxBytes of what comes out */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws {ReceiverError} `invalid_encoding`, `body_too_large` */
  async decompress(body: Buffer, encoding: ContentEncoding): Promise<Buffer> {
    if (encoding === 'identity') return this.#checked(body);
    const release = await this.#turns.acquire();
    try {
      return this.#checked(await this.#run(body, encoding));
    } catch (error) {
      if (error instanceof ReceiverError) throw error;
      if (isTooLarge(error)) throw this.#tooLarge();
      throw new ReceiverError('invalid_encoding', `body: expected ${encoding}`, { cause: error });
    } finally {
      release();
    }
  }

  async #run(body: Buffer, encoding: Exclude<ContentEncoding, 'identity'>): Promise<Buffer> {
    const options = { maxOutputLength: this.#maxBytes };
    switch (encoding) {
      case 'gzip':
        return gunzipAsync(body, options);
      case 'deflate':
        // RFC 9110 means zlib's form; some send the bare one.
        return looksLikeZlib(body) ? inflateAsync(body, options) : inflateRawAsync(body, options);
      case 'zstd':
        return zstdAsync(body, options);
      case 'snappy':
        if (isFramedSnappy(body)) return uncompressFramed(body, this.#maxBytes);
        return this.#uncompressBlock(body);
      default:
        return encoding satisfies never;
    }
  }

  /** A block says at its beginning how much it makes, and the codec allocates that. */
  #uncompressBlock(body: Buffer): Buffer {
    if (blockLength(body) > this.#maxBytes) throw this.#tooLarge();
    const raw = uncompressSync(body, { asBuffer: true });
    return Buffer.isBuffer(raw) ? raw : Buffer.from(raw);
  }

  #checked(body: Buffer): Buffer {
    if (body.length > this.#maxBytes) throw this.#tooLarge();
    return body;
  }

  #tooLarge(): ReceiverError {
    return new ReceiverError(
      'body_too_large',
      `body: expected at most ${this.#maxBytes} bytes after decompression ` +
        '(receivers.limits.max_decoded); send smaller batches',
    );
  }
}

function looksLikeZlib(body: Buffer): boolean {
  if (body.length < 2) return false;
  return (body.readUInt8(0) & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0;
}

/** Decompressed length of a block of snappy: a varint of 32 bits. */
function blockLength(body: Buffer): number {
  let value = 0;
  for (let at = 0; at < 5 && at < body.length; at += 1) {
    const byte = body[at] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return value;
  }
  throw new Error('expected a length');
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}
