/**
 * Carries out one insert: again and again while the engine fails, in smaller parts when the engine
 * refuses the data, and to the dead letters what it refuses even alone.
 */
import { encodeFrame } from '@plimsoll/model';
import { Backoff, sleep, type Logger } from '@plimsoll/runtime';
import { StorageError, type Engine, type InsertRequest } from '@plimsoll/storage';
import type { DeadLetters } from '../dead-letters.ts';
import type { IngestMetrics } from '../ingest-metrics.ts';
import { rangeColumns, rangeRows } from '../ranges/range-rows.ts';
import type { InsertUnit, LogChunkRow, RowsPart } from '../plan/insert-unit.ts';
import { divideUnit } from '../plan/plan-units.ts';
import { rawBytesOf } from '../plan/cut-pieces.ts';
import { logChunkColumns, logChunkData } from './log-chunk-data.ts';

export interface UnitWriterOptions {
  engine: Engine;
  logger: Logger;
  metrics: IngestMetrics;
  deadLetters: DeadLetters;
  /** Told what keeps an insert from succeeding, and null when one has succeeded. */
  onProblem: (problem: string | null) => void;
}

export interface BatchIdentity {
  partition: string;
  first: number;
}

export class UnitWriter {
  readonly #options: UnitWriterOptions;

  constructor(options: UnitWriterOptions) {
    this.#options = options;
  }

  /** Resolves when every part of the unit is stored or set aside. */
  async write(unit: InsertUnit, batch: BatchIdentity, signal: AbortSignal): Promise<void> {
    const refusal = await this.#insert(toRequest(unit, batch), signal);
    if (refusal === null) {
      this.#count(unit);
      return;
    }
    const parts = divideUnit(unit);
    if (parts.length > 1) {
      for (const part of parts) await this.write(part, batch, signal);
    } else {
      await this.#setAside(unit, batch, refusal);
    }
  }

  /** Resolves when the ranges of what the batch stored are themselves stored. */
  async writeRanges(
    chunks: readonly LogChunkRow[],
    batch: BatchIdentity & { last: number },
    signal: AbortSignal,
  ): Promise<void> {
    if (chunks.length === 0) return;
    const request: InsertRequest = {
      table: 'log_ranges',
      columns: rangeColumns,
      format: 'JSONCompactEachRow',
      data: rangeRows(chunks, batch),
      token: `${batch.partition}:${batch.first}-${batch.last}:log_ranges`,
    };
    const refusal = await this.#insert(request, signal);
    // They are made here, of numbers and names: a refusal is a fault of this program.
    if (refusal !== null) throw new Error(`log_ranges: the engine refused rows: ${refusal}`);
  }

  /** Null when stored; the engine's reason when the data can never be. */
  async #insert(request: InsertRequest, signal: AbortSignal): Promise<string | null> {
    const backoff = new Backoff({ initialMs: 100, maxMs: 10_000 });
    for (;;) {
      signal.throwIfAborted();
      try {
        const { elapsedMs } = await this.#options.engine.insert(request);
        this.#options.metrics.insertSeconds.observe(elapsedMs / 1000);
        this.#options.onProblem(null);
        return null;
      } catch (error) {
        if (error instanceof StorageError && error.code === 'bad_data') return error.message;
        this.#reportFailure(error, request);
        await sleep(backoff.next(), signal);
      }
    }
  }

  #reportFailure(error: unknown, { token }: InsertRequest): void {
    const code = error instanceof StorageError ? error.code : 'unknown';
    this.#options.metrics.insertRetries.inc({ code });
    this.#options.onProblem(
      `the engine takes no rows: ${error instanceof Error ? error.message : String(error)}`,
    );
    this.#options.logger.warn({ err: error, token }, 'an insert failed, will try again');
  }

  #count(unit: InsertUnit): void {
    const { metrics } = this.#options;
    if (unit.kind === 'logs') {
      metrics.logBytes.inc(unit.rawBytes);
      metrics.logLines.inc(unit.chunks.reduce((sum, chunk) => sum + chunk.lines, 0));
    } else {
      const rows = unit.parts.reduce((sum, part) => sum + part.rows, 0);
      metrics.rows.inc({ table: unit.table }, rows);
    }
  }

  async #setAside(unit: InsertUnit, batch: BatchIdentity, refusal: string): Promise<void> {
    const { deadLetters, logger, metrics } = this.#options;
    // Bytes that do not decompress are no frame: they are kept as they came.
    const letter = await toDeadLetter(unit, batch).catch(() => asItCame(unit));
    const reason = `the engine refused it (${refusal})`;
    const path = await deadLetters.write({ partition: batch.partition, reason, ...letter });
    metrics.deadLetters.inc({ reason: 'refused' });
    logger.error({ path, reason: refusal }, 'data that the engine refused was set aside');
  }
}

function toRequest(unit: InsertUnit, batch: BatchIdentity): InsertRequest {
  if (unit.kind === 'rows') {
    return {
      table: unit.table,
      columns: unit.columns,
      format: 'JSONCompactEachRow',
      data: unit.parts.flatMap(({ payload }) => wholeLines(payload)),
      token: unit.token,
    };
  }
  return {
    table: unit.table,
    columns: logChunkColumns,
    format: 'RowBinary',
    compression: 'zstd',
    data: logChunkData(unit.chunks, batch),
    token: unit.token,
  };
}

const newline = Buffer.from('\n');

/** A payload may or may not end its last line. */
function wholeLines(payload: Buffer): Buffer[] {
  return payload.at(-1) === 10 ? [payload] : [payload, newline];
}

/** A frame of its own, so that whoever mends the cause can publish it again. */
async function toDeadLetter(
  unit: InsertUnit,
  batch: BatchIdentity,
): Promise<{ offset: number; part: string; bytes: Buffer }> {
  if (unit.kind === 'logs') {
    const [chunk] = unit.chunks;
    if (!chunk) throw new Error('expected a unit of one chunk');
    return { offset: chunk.offset, part: `-${chunk.start}`, bytes: await logFrame(chunk, batch) };
  }
  const [part] = unit.parts;
  if (!part) throw new Error('expected a unit of one frame');
  return { offset: part.offset, part: '', bytes: await rowsFrame(part, batch) };
}

function asItCame(unit: InsertUnit): { offset: number; part: string; bytes: Buffer } {
  const [first] = unit.kind === 'logs' ? unit.chunks : unit.parts;
  if (!first) throw new Error('expected a unit of one part');
  const isChunk = 'content' in first;
  return {
    offset: first.offset,
    part: isChunk ? `-${first.start}-zstd` : '',
    bytes: isChunk ? first.content.bytes : first.payload,
  };
}

async function logFrame(chunk: LogChunkRow, batch: BatchIdentity): Promise<Buffer> {
  const { source, start, end, lines, bytes, isWhole } = chunk;
  const kind = source.format === 'records' ? { bytes } : { split: !isWhole };
  const header = {
    ...origin(batch, chunk.offset),
    tenant: chunk.tenant,
    host: source.labels.host,
    created_at_ms: chunk.receivedAtMs,
    sources: [source],
    chunks: [{ source: 0, start, end, lines, ...kind }],
  };
  return encodeFrame({ kind: 'logs', header }, [await rawBytesOf(chunk)]);
}

async function rowsFrame(part: RowsPart, batch: BatchIdentity): Promise<Buffer> {
  const { table, columns, rows, identity } = part;
  const header = { ...origin(batch, part.offset), ...identity, table, columns, rows };
  return encodeFrame({ kind: 'rows', header }, [part.payload]);
}

function origin(
  batch: BatchIdentity,
  offset: number,
): {
  tenant: string;
  host: string;
  boot_id: string;
  collector_id: string;
  epoch: number;
  sequence: number;
  created_at_ms: number;
} {
  return {
    tenant: '',
    host: '',
    boot_id: '',
    collector_id: `dead-letter/${batch.partition}`,
    epoch: 0,
    sequence: offset,
    created_at_ms: 0,
  };
}
