/**
 * What ingest relies on of ClickHouse, and nothing else: blocks, tokens, refusals, `log_ranges`. Each
 * block must hold the same rows whenever its token comes again.
 */
import { zstdDecompressSync } from 'node:zlib';
import { targetLabelNames } from '@plimsoll/model';
import { StorageError, type Engine, type InsertRequest } from '@plimsoll/storage';

/** What becomes of one insert. `blocks`: how many of it are stored all the same. */
export type Fate =
  | { kind: 'stored' }
  /** The engine says no, or its answer is lost. */
  | { kind: 'fails'; blocks: number }
  /** The process dies. */
  | { kind: 'dies'; blocks: number }
  /** The process is given up for dead, and its insert arrives another time. */
  | { kind: 'late' };

class Died extends Error {}

interface RangeRow {
  tenant: string;
  file_id: string;
  start: number;
  end: number;
  partition: string;
  batch: number;
}

const rowsPerBlock = 3;
/** A row with this in it is refused, until the engine is lenient. */
export const poison = 'POISON';

export class ModelEngine {
  /** `table row`, as often as it is stored. */
  readonly rows: string[] = [];
  readonly late: InsertRequest[] = [];
  /** Blocks that came again with other rows. */
  readonly violations: string[] = [];
  /** As after a migration that takes what was refused before. */
  isLenient = false;
  /** Few: ranges are loaded again and again; many: they are remembered. */
  maxFiles = 20;
  readonly #blocks = new Map<string, string>();
  readonly #ranges: RangeRow[] = [];

  /** The engine as one process sees it. */
  as(fateOf: () => Fate, onDeath: () => void): Engine {
    let isDead = false;
    const die = (): never => {
      isDead = true;
      onDeath();
      throw new Died('the process died');
    };
    const insert = async (request: InsertRequest): Promise<{ elapsedMs: number }> => {
      if (isDead) die();
      const fate = fateOf();
      if (fate.kind === 'late') {
        this.late.push(request);
        return die();
      }
      this.apply(request, fate.kind === 'stored' ? undefined : fate.blocks);
      if (fate.kind === 'dies') die();
      if (fate.kind === 'fails') throw new StorageError('unreachable', 'socket hang up');
      return { elapsedMs: 1 };
    };
    const ranges = (params: Record<string, unknown>): object[] => this.#select(params);
    return {
      insert,
      // Of every file it says that it is not one range: so it is asked for the ranges.
      async *stream(sql: string, { params = {} }: { params?: Record<string, unknown> } = {}) {
        if (isDead) die();
        const rows = ranges(params);
        yield sql.includes('is_whole')
          ? rows.map((row) => ({ ...row, rows: 1, is_whole: 0 }))
          : rows;
      },
    } as unknown as Engine;
  }

  /** Stores the first blocks of an insert, or all. @throws {StorageError} `bad_data` */
  apply(request: InsertRequest, limit = Number.POSITIVE_INFINITY): void {
    const rows = rowsOf(request);
    if (!this.isLenient && rows.some((row) => row.includes(poison))) {
      throw new StorageError('bad_data', 'Cannot parse input: (at row 1)', { clickhouseCode: 27 });
    }
    for (let block = 0; block * rowsPerBlock < rows.length && block < limit; block++) {
      const some = rows.slice(block * rowsPerBlock, (block + 1) * rowsPerBlock);
      const id = `${request.table} ${request.token} ${block}`;
      const before = this.#blocks.get(id);
      if (before !== undefined && before !== some.join('\n')) {
        this.violations.push(`${id}: expected ${before}, got ${some.join('\n')}`);
      }
      if (before !== undefined) continue;
      this.#blocks.set(id, some.join('\n'));
      for (const row of some) {
        if (request.table === 'log_ranges') this.#ranges.push(rangeRow(row));
        else this.rows.push(`${request.table} ${row}`);
      }
    }
  }

  #select(params: Record<string, unknown>): object[] {
    const { partition, first, prefix, files } = params;
    if (typeof prefix === 'string') {
      return this.#ranges.filter(
        (row) =>
          row.file_id.startsWith(prefix) && row.partition === partition && row.batch === first,
      );
    }
    return this.#ranges
      .filter((row) => Array.isArray(files) && files.includes(row.file_id))
      .filter((row) => !(row.partition === partition && row.batch >= Number(first)))
      .toSorted((a, b) => a.start - b.start)
      .map(({ tenant, file_id, start, end }) => ({
        tenant,
        file_id,
        range_start: start,
        range_end: end,
      }));
  }
}

function rangeRow(text: string): RangeRow {
  const [, tenant, file_id, start, end, partition, batch] = JSON.parse(text) as [
    number,
    string,
    string,
    number,
    number,
    string,
    number,
  ];
  return { tenant, file_id, start, end, partition, batch };
}

function rowsOf({ data, format, compression }: InsertRequest): string[] {
  const whole = Buffer.isBuffer(data) ? data : Buffer.concat(data);
  const bytes = compression === 'zstd' ? decompressAll(whole) : whole;
  if (format === 'RowBinary') return [...linesOf(bytes)];
  return bytes.toString().trimEnd().split('\n');
}

/** Rows of a table of plain chunks, split as its view does: `file position text`. */
function* linesOf(bytes: Buffer): Generator<string> {
  let at = 0;
  const integer = (): number => {
    at += 8;
    return Number(bytes.readBigUInt64LE(at - 8));
  };
  const text = (): Buffer => {
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const digit = bytes.readUInt8(at++);
      length += (digit & 127) * 2 ** shift;
      if (digit < 128) break;
    }
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    integer();
    for (let skipped = 0; skipped < targetLabelNames.length + 1; skipped++) text();
    const file = text().toString();
    let position = integer();
    integer();
    text();
    integer();
    for (const line of text().toString().split('\n').slice(0, -1)) {
      yield `${file} ${position} ${line}`;
      position += line.length + 1;
    }
  }
}

/** Every frame of a zstd stream, which node:zlib takes one at a time. */
function decompressAll(stream: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < stream.length;) {
    const end = at + frameLength(stream.subarray(at));
    parts.push(zstdDecompressSync(stream.subarray(at, end)));
    at = end;
  }
  return Buffer.concat(parts);
}

/** RFC 8878, 3.1.1: a head, blocks each with its length, perhaps a checksum. */
function frameLength(bytes: Buffer): number {
  const descriptor = bytes.readUInt8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  let at = 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0) + sizeBytes;
  for (let isLast = false; !isLast;) {
    const head = bytes.readUIntLE(at, 3);
    isLast = (head & 1) === 1;
    at += 3 + (((head >> 1) & 3) === 1 ? 1 : head >> 3);
  }
  return at + ((descriptor & 4) === 0 ? 0 : 4);
}
