/** Content encodings that both sides may use, in the order in which they are preferred. */
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { ClickHouseException } from '../exception.ts';

export type Encoding = 'gzip' | 'deflate' | 'br' | 'zstd';

const all: readonly Encoding[] = ['zstd', 'br', 'gzip', 'deflate'];

/** Of a body; null for one that is as it is. @throws {ClickHouseException} UNKNOWN_COMPRESSION_METHOD */
export function contentEncoding(header: string | undefined): Encoding | null {
  const name = (header ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return null;
  const found = all.find(
    (encoding) => encoding === name || (encoding === 'gzip' && name === 'x-gzip'),
  );
  if (found) return found;
  throw new ClickHouseException(
    'UNKNOWN_COMPRESSION_METHOD',
    `Unknown compression method ${JSON.stringify(name)}: expected one of ${all.join(', ')}`,
  );
}

/** The best one that a client takes; null for none. A quality of 0 refuses. */
export function acceptedEncoding(header: string): Encoding | null {
  const accepted = new Set(
    header
      .toLowerCase()
      .split(',')
      .map((part) => part.trim().split(/\s*;\s*/))
      .filter(([, ...options]) => !options.some((option) => /^q=0(?:\.0*)?$/.test(option)))
      .map(([name]) => name),
  );
  return all.find((encoding) => accepted.has(encoding)) ?? null;
}

export function compressor(encoding: Encoding, level: number): Transform {
  return compressors[encoding](level);
}

export function decompressor(encoding: Encoding): Transform {
  return decompressors[encoding]();
}

const { BROTLI_PARAM_QUALITY, ZSTD_c_compressionLevel } = zlib.constants;

const compressors: Readonly<Record<Encoding, (level: number) => Transform>> = {
  gzip: (level) => zlib.createGzip({ level }),
  deflate: (level) => zlib.createDeflate({ level }),
  br: (level) => zlib.createBrotliCompress({ params: { [BROTLI_PARAM_QUALITY]: level } }),
  zstd: (level) => zlib.createZstdCompress({ params: { [ZSTD_c_compressionLevel]: level } }),
};

const decompressors: Readonly<Record<Encoding, () => Transform>> = {
  gzip: () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
  zstd: () => zlib.createZstdDecompress(),
};
