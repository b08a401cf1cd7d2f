/** Sends rows of the past the way collectors send those of now: in frames, through the transport. */
import { encodeFrame, type RowTable } from '@plimsoll/model';
import type { OutboundFrame, Publisher } from '@plimsoll/transport';

export interface HistoryPublisherOptions {
  publisher: Publisher;
  tenant: string;
  host: string;
  bootId: string;
  now: () => number;
}

/** Frames under way at once: a transport gathers them for a moment before it answers. */
const maxInFlight = 8;
/** Below the limits of a frame in rows and, with the widest rows, in bytes. */
const rowsPerFrame = 4000;

interface Pending {
  columns: readonly string[];
  lines: string[];
}

export class HistoryPublisher {
  readonly #options: HistoryPublisherOptions;
  readonly #pending = new Map<RowTable, Pending>();
  readonly #inFlight = new Set<Promise<void>>();
  #sequence = 0;

  constructor(options: HistoryPublisherOptions) {
    this.#options = options;
  }

  add(table: RowTable, columns: readonly string[], line: string): void {
    const pending = this.#pending.get(table);
    if (pending) pending.lines.push(line);
    else this.#pending.set(table, { columns, lines: [line] });
  }

  /** Begins to send what fills a frame; with `isEnd`, sends everything and waits for it. */
  async flush(signal: AbortSignal, isEnd = false): Promise<void> {
    for (const [table, pending] of this.#pending) {
      while (pending.lines.length >= (isEnd ? 1 : rowsPerFrame)) {
        const lines = pending.lines.splice(0, rowsPerFrame);
        await this.#begin(table, { columns: pending.columns, lines }, signal);
      }
    }
    if (isEnd) await Promise.all(this.#inFlight);
  }

  async #begin(table: RowTable, rows: Pending, signal: AbortSignal): Promise<void> {
    const frame = await this.#frameOf(table, rows);
    const sending = this.#options.publisher.publish(frame, signal);
    this.#inFlight.add(sending);
    // A failure is met by whoever waits for it, below or at the end.
    sending.then(
      () => this.#inFlight.delete(sending),
      () => undefined,
    );
    if (this.#inFlight.size >= maxInFlight) await Promise.race(this.#inFlight);
  }

  async #frameOf(table: RowTable, { columns, lines }: Pending): Promise<OutboundFrame> {
    const { tenant, host, bootId, now } = this.#options;
    const payload = Buffer.from(`${lines.join('\n')}\n`);
    const bytes = await encodeFrame(
      {
        kind: 'rows',
        header: {
          tenant,
          host,
          boot_id: bootId,
          collector_id: `demo-history-${host}`,
          epoch: 1,
          sequence: this.#sequence++,
          created_at_ms: now(),
          table,
          columns: [...columns],
          rows: lines.length,
        },
      },
      [payload],
    );
    return { key: host, kind: 'rows', bytes };
  }
}
