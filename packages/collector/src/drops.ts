/** Why something was lost or refused; the unit is in the name. */
export const dropReasons = [
  /** A file was rotated out of existence before it was read. */
  'rotated_away_bytes',
  /** A file was truncated before it was read. */
  'truncated_bytes',
  /** Too many rotated or deleted files were waiting to be read. */
  'held_files_bytes',
  /** The transport can never take the frame. */
  'publish_refused_bytes',
  'publish_refused_rows',
  /** Over the quota of its container. */
  'quota_withheld_lines',
  'quota_withheld_bytes',
  /** The transport stalled for so long that the queue of rows was full. */
  'stats_queue_full_rows',
  'events_queue_full_rows',
  /** Kernel log records that the kernel wrote over before they were read. */
  'kernel_log_overrun_records',
  /** Kernel events of one pattern beyond its share of a minute. */
  'kernel_rate_limited_events',
] as const;
export type DropReason = (typeof dropReasons)[number];

/** The loss ledger: nothing is dropped without an entry here. */
export class DropLedger {
  readonly #counts = new Map<DropReason, number>();
  readonly #onDrop: (reason: DropReason, count: number) => void;

  constructor(onDrop: (reason: DropReason, count: number) => void = () => undefined) {
    this.#onDrop = onDrop;
  }

  add(reason: DropReason, count: number): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
    this.#onDrop(reason, count);
  }

  snapshot(): Partial<Record<DropReason, number>> {
    return Object.fromEntries(this.#counts);
  }
}
