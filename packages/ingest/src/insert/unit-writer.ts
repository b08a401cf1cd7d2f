/**
 * Carries out one insert: again and again while the engine fails, in halves when the engine refuses
 * the data, and to the dead letters what it refuses even alone.
 *
 * Halves have tokens of their own. So that a replay cannot store them as a whole besides, what is
 * divided is written down first, and a replay divides it unasked. What was refused has stored nothing:
 * a unit is one block (plan-units.ts).
 */
import { crc32 } from 'node:zlib';
import type { Clock, Semaphore } from '@plimsoll/runtime';
import { StorageError, type Engine, type InsertRequest } from '@plimsoll/storage';
import type { IngestMetrics } from '../ingest-metrics.ts';
import type { InsertUnit, Part } from '../plan/insert-unit.ts';
import { batchToken, halveUnit, singles } from '../plan/plan-units.ts';
import { divisionRow, rangeColumns, rangeRows } from '../ranges/range-rows.ts';
import type { BatchWork } from './batch-work.ts';
import { isAboutColumns, isCertain } from './refusal.ts';
import { letterFrame } from './letter-frame.ts';
import type { LetterWriter } from './letter-writer.ts';
import type { Tries } from './tries.ts';
import { unitRequest } from './unit-request.ts';

export interface UnitWriterOptions {
  engine: Engine;
  metrics: IngestMetrics;
  letters: LetterWriter;
  tries: Tries;
  /** Inserts under way at once, over all batches. */
  slots: Semaphore;
  clock: Clock;
}

/** Times that one part alone must be refused before it is believed, and the wait between them. */
const refusalsBelieved = 4;
const refusalWaitMs = 500;

export class UnitWriter {
  readonly #options: UnitWriterOptions;

  constructor(options: UnitWriterOptions) {
    this.#options = options;
  }

  /** Resolves when every part of the unit is stored or set aside. */
  async write(unit: InsertUnit, work: BatchWork): Promise<void> {
    const halves = halveUnit(unit);
    if (!work.divided.has(unit.token)) {
      const refusal = await this.#store(unit, work);
      if (refusal === null) return;
      if (halves.length === 0 || isAboutColumns(refusal)) {
        for (const alone of singles(unit)) await this.#setAside(alone, work, refusal);
        return;
      }
      await this.#insert(() => divisionRequest(unit, work), work);
    }
    for (const half of halves) await this.write(half, work);
  }

  /** Resolves when the ranges of what the batch stored are themselves stored. */
  async writeRanges(parts: readonly Part[], work: BatchWork): Promise<void> {
    if (parts.length === 0) return;
    const data = rangeRows(parts, work.batch);
    const request: InsertRequest = {
      table: 'log_ranges',
      columns: rangeColumns,
      format: 'JSONCompactEachRow',
      data,
      // A replay may store what the first try was refused: then there is more to write than before.
      // A range that is there twice means no more than one that is there once.
      token: `${batchToken(work.batch)}:log_ranges:${crc32(data).toString(16)}`,
    };
    await this.#insert(() => request, work);
  }

  /** Null when it is stored; otherwise why it never can be. */
  async #store(unit: InsertUnit, work: BatchWork): Promise<StorageError | null> {
    const { clock, metrics } = this.#options;
    for (let refusals = 1; ; refusals++) {
      try {
        await this.#insert(() => unitRequest(unit, work.batch), work, isRefusal);
        this.#count(unit);
        return null;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const isEnough = unit.parts.length > 1 && !isAboutColumns(error);
        if (isEnough || refusals >= refusalsBelieved || (await isCertain(unit, error)))
          return error;
        metrics.insertRetries.inc({ code: error.code });
        await clock.sleep(refusalWaitMs, work.signal);
      }
    }
  }

  async #insert(
    request: () => InsertRequest,
    work: BatchWork,
    isFinal: (error: unknown) => boolean = () => false,
  ): Promise<void> {
    const { engine, metrics, slots, tries } = this.#options;
    const { batch, lease, insertSignal: signal } = work;
    const run = async (): Promise<void> => {
      const asked = request();
      const notAfterMs = lease.notAfterMs();
      const { elapsedMs } = await engine.insert({
        ...asked,
        partition: batch.partition,
        ...(notAfterMs !== null && { notAfterMs }),
        signal,
      });
      metrics.insertSeconds.observe(elapsedMs / 1000);
    };
    await tries.run({ what: 'an insert', run, slots, isFinal }, work);
  }

  #count(unit: InsertUnit): void {
    const { metrics } = this.#options;
    if (unit.kind === 'logs') {
      metrics.logBytes.inc(unit.rawBytes);
      metrics.logLines.inc(unit.parts.reduce((sum, chunk) => sum + chunk.lines, 0));
    } else {
      const rows = unit.parts.reduce((sum, part) => sum + part.rows, 0);
      metrics.rows.inc({ table: unit.table }, rows);
    }
  }

  async #setAside(unit: InsertUnit, work: BatchWork, refusal: StorageError): Promise<void> {
    const reason = `the engine refused it (${refusal.message})`;
    await this.#options.letters.write(
      { ...(await letterFrame(unit)), cause: 'refused', reason },
      work,
    );
    for (const part of unit.parts) work.refused.add(part);
  }
}

function isRefusal(error: unknown): error is StorageError {
  return error instanceof StorageError && (error.code === 'bad_data' || isAboutColumns(error));
}

/** A row of its own among the ranges; a batch looks for those of itself alone. */
function divisionRequest({ token, parts }: InsertUnit, { batch }: BatchWork): InsertRequest {
  return {
    table: 'log_ranges',
    columns: rangeColumns,
    format: 'JSONCompactEachRow',
    data: divisionRow(token, parts, batch),
    token: `${token}:divided`,
  };
}
