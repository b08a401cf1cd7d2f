/**
 * What goes out under one key, one frame after another. Pushes that come within a few milliseconds share a
 * frame; each waits until its frames are durable.
 *
 *     add ─▶ open frame ─▶ (full, or has waited) ─▶ encode ─▶ publish, in order ─▶ settle
 */
import { encodeFrame, type FrameOrigin, type LogsHeader, type RowsHeader } from '@plimsoll/model';
import type { Publisher } from '@plimsoll/transport';

export type FrameDraft =
  | { kind: 'logs'; header: Omit<LogsHeader, keyof FrameOrigin>; parts: Buffer[] }
  | { kind: 'rows'; header: Omit<RowsHeader, keyof FrameOrigin>; parts: Buffer[] };

export interface LaneOptions<Item> {
  publisher: Publisher;
  signal: AbortSignal;
  key: string;
  /** Origin of the next frame: its sequence number grows by one with each. */
  nextOrigin: () => FrameOrigin;
  /** Longest that an item waits for others. */
  maxWaitMs: number;
  /** Of a frame that is closed without waiting. */
  maxBytes: number;
  bytesOf: (item: Item) => number;
  /** Frames for items, each item whole in one of them, in order. */
  draft: (items: readonly Item[]) => FrameDraft[];
  nowMs: () => number;
}

interface Waiting<Item> {
  items: Item[];
  bytes: number;
  openedAtMs: number;
  timer: ReturnType<typeof setTimeout>;
  settled: Promise<void>;
  resolve: (published: Promise<void>) => void;
}

export class Lane<Item> {
  readonly #options: LaneOptions<Item>;
  /** Closed and not durable, the oldest first. */
  readonly #under = new Set<{ openedAtMs: number }>();
  #open: Waiting<Item> | null = null;
  /** Frames are handed to the transport in the order of their sequence numbers. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: LaneOptions<Item>) {
    this.#options = options;
  }

  /** When the oldest of what is not durable came; null: all is. */
  get oldestMs(): number | null {
    const [first] = this.#under;
    return (first ?? this.#open)?.openedAtMs ?? null;
  }

  /** Resolves when the items are durable; rejects with what the transport rejects with. */
  async add(items: readonly Item[]): Promise<void> {
    if (items.length === 0) return;
    const { bytesOf, maxBytes } = this.#options;
    const open = (this.#open ??= this.#begin());
    for (const item of items) {
      open.items.push(item);
      open.bytes += bytesOf(item);
    }
    if (open.bytes >= maxBytes) this.flush();
    return open.settled;
  }

  /** Does not wait for others any longer. */
  flush(): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    clearTimeout(open.timer);
    this.#under.add(open);
    const published = this.#publish(open.items);
    open.resolve(published);
    const settle = (): void => {
      this.#under.delete(open);
    };
    published.then(settle, settle);
  }

  #begin(): Waiting<Item> {
    const { promise, resolve } = Promise.withResolvers<void>();
    // Those who wait have handlers of their own; who has given up waiting must not end the process.
    promise.catch(() => undefined);
    const timer = setTimeout(() => {
      this.flush();
    }, this.#options.maxWaitMs);
    const openedAtMs = this.#options.nowMs();
    return { items: [], bytes: 0, openedAtMs, timer, settled: promise, resolve };
  }

  async #publish(items: readonly Item[]): Promise<void> {
    const published: Promise<void>[] = [];
    const handedOver = (async (before) => {
      await before;
      for (const draft of this.#options.draft(items)) {
        const bytes = await this.#encode(draft);
        const { publisher, key, signal } = this.#options;
        signal.throwIfAborted();
        const frame = publisher.publish({ key, kind: draft.kind, bytes }, signal);
        frame.catch(() => undefined);
        published.push(frame);
      }
    })(this.#last);
    this.#last = handedOver.catch(() => undefined);
    await handedOver;
    await Promise.all(published);
  }

  async #encode({ parts, ...draft }: FrameDraft): Promise<Buffer> {
    const origin = this.#options.nextOrigin();
    if (draft.kind === 'logs') {
      return encodeFrame({ kind: 'logs', header: { ...origin, ...draft.header } }, parts);
    }
    return encodeFrame({ kind: 'rows', header: { ...origin, ...draft.header } }, parts);
  }
}
