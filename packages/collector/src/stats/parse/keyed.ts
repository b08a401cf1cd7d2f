/**
 * Flat keyed files: `key value` per line (memory.stat, cpu.stat, /proc/vmstat) or `key: value kB`
 * (/proc/meminfo). The keys wanted are compiled once into a hash table, so that a line of no
 * interest costs one pass over its bytes.
 */
import { type Bytes, isBlank, newline, nextLine, parseNumber, skipBlanks } from './bytes.ts';

const colon = 0x3a;

export interface KeyTable {
  readonly keys: readonly Uint8Array[];
  /** Open addressing: index into `keys`, or -1. The length is a power of two. */
  readonly buckets: Int16Array;
}

/** The table of `keys`; value `i` of {@link parseKeyed} belongs to `keys[i]`. */
export function compileKeys(keys: readonly string[]): KeyTable {
  let size = 16;
  while (size < keys.length * 4) size *= 2;
  const buckets = new Int16Array(size).fill(-1);
  const encoded = keys.map((key) => Buffer.from(key, 'latin1'));
  for (const [index, key] of encoded.entries()) {
    let bucket = hash(key) & (size - 1);
    while (buckets[bucket] !== -1) bucket = (bucket + 1) & (size - 1);
    buckets[bucket] = index;
  }
  return { keys: encoded, buckets };
}

/** Fills `out` (one place per key) with the values found; `NaN` for a key that is not there. */
export function parseKeyed(bytes: Bytes, table: KeyTable, out: Float64Array): void {
  out.fill(NaN);
  const { data, length } = bytes;
  let at = 0;
  while (at < length) {
    const start = at;
    let sum = 0;
    let byte = data[at] ?? newline;
    while (byte !== newline && byte !== colon && !isBlank(byte)) {
      sum = (Math.imul(sum, 31) + byte) | 0;
      at++;
      byte = at < length ? (data[at] ?? newline) : newline;
    }
    const index = find(table, sum, { data, start, end: at });
    if (index >= 0) {
      if (byte === colon) at++;
      out[index] = parseNumber(bytes, skipBlanks(bytes, at));
    }
    at = nextLine(bytes, at);
  }
}

interface Slice {
  data: Uint8Array;
  start: number;
  end: number;
}

function find(table: KeyTable, sum: number, slice: Slice): number {
  const mask = table.buckets.length - 1;
  let bucket = sum & mask;
  for (;;) {
    const index = table.buckets[bucket] ?? -1;
    if (index < 0) return -1;
    const key = table.keys[index];
    if (key && isEqual(key, slice)) return index;
    bucket = (bucket + 1) & mask;
  }
}

function isEqual(key: Uint8Array, slice: Slice): boolean {
  if (key.length !== slice.end - slice.start) return false;
  for (let at = 0; at < key.length; at++) {
    if (key[at] !== slice.data[slice.start + at]) return false;
  }
  return true;
}

function hash(key: Uint8Array): number {
  let sum = 0;
  for (const byte of key) sum = (Math.imul(sum, 31) + byte) | 0;
  return sum;
}
