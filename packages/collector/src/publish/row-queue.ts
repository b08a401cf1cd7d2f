/**
 * Rows waiting to become frames, within stated bounds. When the transport stalls, the oldest
 * statistics go first: a gap in a chart is better than a collector without memory. Events and
 * targets have a bound of their own, far larger than what a stall of hours makes of them.
 */
import { limits, type RowTable } from '@plimsoll/model';
import type { DropLedger, DropReason } from '../drops.ts';
import type { Outbox } from './outbox.ts';

export interface RowBatch {
  table: RowTable;
  columns: readonly string[];
  /** JSONCompactEachRow: one array per line, each line ended. */
  bytes: Buffer;
  rows: number;
  /** Called once, when the rows are durable, refused or dropped. */
  onSettled?: () => void;
}

export interface RowQueueOptions {
  outbox: Outbox;
  drops: DropLedger;
  maxStatsBytes?: number;
  maxEventsBytes?: number;
  /** Rows wait, and there is room for a frame of them. */
  onWaiting?: () => void;
}

type Lane = 'stats' | 'events';

const newline = 0x0a;
/** Frames of rows under way; the rest waits here, where it is counted against the bounds. */
const maxFramesInFlight = 8;

export class RowQueue {
  readonly #options: RowQueueOptions;
  readonly #bounds: Record<Lane, number>;
  readonly #queued: Record<Lane, RowBatch[]> = { stats: [], events: [] };
  readonly #bytes: Record<Lane, number> = { stats: 0, events: 0 };
  #framesInFlight = 0;

  constructor(options: RowQueueOptions) {
    this.#options = options;
    this.#bounds = {
      stats: options.maxStatsBytes ?? 16 * 1024 * 1024,
      events: options.maxEventsBytes ?? 64 * 1024 * 1024,
    };
  }

  get queuedRows(): number {
    return [...this.#queued.stats, ...this.#queued.events].reduce((sum, b) => sum + b.rows, 0);
  }

  add(batch: RowBatch): void {
    const lane = laneOf(batch.table);
    for (const part of splitBatch(batch)) {
      this.#queued[lane].push(part);
      this.#bytes[lane] += part.bytes.length;
    }
    while (this.#bytes[lane] > this.#bounds[lane]) this.#dropOldest(lane);
    this.#tellOfWaiting();
  }

  /** Makes frames of what waits, as many as may be under way. */
  flush(): void {
    for (const lane of ['events', 'stats'] as const) {
      while (this.#framesInFlight < maxFramesInFlight) {
        const frame = this.#takeFrame(lane);
        if (frame === null) break;
        this.#submit(frame);
      }
    }
  }

  #dropOldest(lane: Lane): void {
    const oldest = this.#queued[lane].shift();
    if (!oldest) return;
    this.#bytes[lane] -= oldest.bytes.length;
    const reason: DropReason =
      lane === 'stats' ? 'stats_queue_full_rows' : 'events_queue_full_rows';
    this.#options.drops.add(reason, oldest.rows);
    oldest.onSettled?.();
  }

  /** The oldest batch, and all that wait behind it with the same columns, up to a frame's limits. */
  #takeFrame(lane: Lane): RowBatch | null {
    const queue = this.#queued[lane];
    const first = queue[0];
    if (!first) return null;
    const taken: RowBatch[] = [];
    const left: RowBatch[] = [];
    let rows = 0;
    let bytes = 0;
    for (const batch of queue) {
      const fits =
        batch.table === first.table &&
        batch.columns.length === first.columns.length &&
        batch.columns.every((column, index) => column === first.columns[index]) &&
        rows + batch.rows <= limits.maxFrameRows &&
        bytes + batch.bytes.length <= limits.maxFrameBytes;
      (fits ? taken : left).push(batch);
      if (!fits) continue;
      rows += batch.rows;
      bytes += batch.bytes.length;
    }
    this.#queued[lane] = left;
    this.#bytes[lane] -= bytes;
    return {
      ...first,
      rows,
      bytes: Buffer.concat(taken.map((batch) => batch.bytes)),
      onSettled: () => {
        for (const batch of taken) batch.onSettled?.();
      },
    };
  }

  #submit({ table, columns, rows, bytes, onSettled }: RowBatch): void {
    this.#framesInFlight += 1;
    this.#options.outbox.submit({
      kind: 'rows',
      header: { table, columns: [...columns], rows },
      payload: bytes,
      onAcknowledged: () => {
        this.#settle(onSettled);
      },
      onRefused: () => {
        this.#options.drops.add('publish_refused_rows', rows);
        this.#settle(onSettled);
      },
    });
  }

  #settle(onSettled: RowBatch['onSettled']): void {
    this.#framesInFlight -= 1;
    onSettled?.();
    this.#tellOfWaiting();
  }

  #tellOfWaiting(): void {
    const isWaiting = this.#queued.events.length > 0 || this.#queued.stats.length > 0;
    if (isWaiting && this.#framesInFlight < maxFramesInFlight) this.#options.onWaiting?.();
  }
}

function laneOf(table: RowTable): Lane {
  return table === 'events' || table === 'targets' ? 'events' : 'stats';
}

/** Batches that fit a frame each: at most `maxFrameRows` rows and `maxFrameBytes` bytes. */
function splitBatch(batch: RowBatch): RowBatch[] {
  if (batch.rows <= limits.maxFrameRows && batch.bytes.length <= limits.maxFrameBytes) {
    return batch.rows === 0 ? [] : [batch];
  }
  const parts: RowBatch[] = [];
  const { table, columns, onSettled } = batch;
  let start = 0;
  let rows = 0;
  for (let at = 0; at < batch.bytes.length;) {
    const end = batch.bytes.indexOf(newline, at) + 1 || batch.bytes.length;
    const isFull = rows >= limits.maxFrameRows || end - start > limits.maxFrameBytes;
    if (isFull && rows > 0) {
      parts.push({ table, columns, bytes: batch.bytes.subarray(start, at), rows });
      start = at;
      rows = 0;
    }
    rows += 1;
    at = end;
  }
  const last = { table, columns, bytes: batch.bytes.subarray(start), rows };
  parts.push(onSettled ? { ...last, onSettled } : last);
  return parts;
}

/** Rows as a batch; values in the order of the columns. */
export function encodeRows<Row extends object>(
  table: RowTable,
  columns: readonly (keyof Row & string)[],
  rows: readonly Row[],
): RowBatch {
  const lines = rows.map((row) => `${JSON.stringify(columns.map((column) => row[column]))}\n`);
  return { table, columns, bytes: Buffer.from(lines.join('')), rows: rows.length };
}
