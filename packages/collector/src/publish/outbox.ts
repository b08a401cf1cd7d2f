/**
 * Frames on their way: encoded a few at a time, published in the order they were submitted,
 * acknowledged in that order too, whatever order the transport answers in. So an acknowledgement
 * always means that everything before it is durable as well.
 *
 *     submit ─▶ encode (≤ 2 at once) ─▶ publish (in order) ─▶ settle (in order)
 */
import { encodeFrame, type FrameOrigin, type LogsHeader, type RowsHeader } from '@plimsoll/model';
import type { Publisher } from '@plimsoll/transport';

export type FrameIdentity = Pick<
  FrameOrigin,
  'tenant' | 'host' | 'boot_id' | 'collector_id' | 'epoch'
>;

export type FrameDraft = {
  /** Memory of the raw bytes; not touched after `onEncoded`. */
  payload: Buffer;
  onEncoded?: () => void;
  /** What must be done before the frame may be published. */
  beforePublish?: () => Promise<void>;
  onAcknowledged: () => void;
  /** The transport can never take the frame: its content is lost. */
  onRefused: (error: unknown) => void;
} & (
  | { kind: 'logs'; header: Omit<LogsHeader, keyof FrameOrigin> }
  | { kind: 'rows'; header: Omit<RowsHeader, keyof FrameOrigin> }
);

export interface OutboxOptions {
  publisher: Publisher;
  identity: FrameIdentity;
  wallMs: () => number;
}

interface Sending {
  draft: FrameDraft;
  sequence: number;
  encoded: Promise<Buffer>;
  settled: Promise<unknown>;
}

const maxEncoding = 2;

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #abort = new AbortController();
  readonly #waiting: (() => void)[] = [];
  /** Frames of each kind so far: ingest knows by these numbers which rows frames it has. */
  readonly #sequences = { logs: 0, rows: 0 };
  #encoding = 0;
  #lastPublished: Promise<unknown> = Promise.resolve();
  #lastSettled: Promise<unknown> = Promise.resolve();
  #inFlightBytes = { logs: 0, rows: 0 };
  #frames = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Raw bytes submitted and not yet settled. */
  inFlightBytes(kind: 'logs' | 'rows'): number {
    return this.#inFlightBytes[kind];
  }

  get inFlightFrames(): number {
    return this.#frames;
  }

  submit(draft: FrameDraft): void {
    this.#frames += 1;
    this.#inFlightBytes[draft.kind] += draft.payload.length;
    this.#sequences[draft.kind] += 1;
    const sending = this.#send(draft, this.#sequences[draft.kind]);
    this.#lastSettled = this.#settle(sending, this.#lastSettled);
  }

  /** Resolves when all that was submitted so far is settled, or the outbox is aborted. */
  async drain(): Promise<void> {
    await this.#lastSettled;
  }

  /** Gives up what is under way: neither acknowledged nor refused, to be sent again another day. */
  abort(): void {
    this.#abort.abort();
  }

  #send(draft: FrameDraft, sequence: number): Sending {
    const encoded = this.#encode(draft, sequence);
    // A frame that is never published must not become an unhandled rejection.
    encoded.catch(() => undefined);
    const { tenant, host } = this.#options.identity;
    let published: Promise<void> = Promise.resolve();
    const isPublished = (async (before) => {
      await before;
      const bytes = await encoded.catch(() => null);
      await draft.beforePublish?.();
      if (bytes === null || this.#abort.signal.aborted) return;
      const frame = { key: `${tenant}/${host}`, kind: draft.kind, bytes };
      published = this.#options.publisher.publish(frame, this.#abort.signal);
      published.catch(() => undefined);
    })(this.#lastPublished);
    this.#lastPublished = isPublished;
    const settled = (async () => {
      await encoded;
      await isPublished;
      await published;
    })();
    settled.catch(() => undefined);
    return { draft, sequence, encoded, settled };
  }

  async #encode(draft: FrameDraft, sequence: number): Promise<Buffer> {
    await this.#takeEncoder();
    try {
      const origin = {
        ...this.#options.identity,
        sequence,
        created_at_ms: this.#options.wallMs(),
      };
      const frame =
        draft.kind === 'logs'
          ? ({ kind: 'logs', header: { ...origin, ...draft.header } } as const)
          : ({ kind: 'rows', header: { ...origin, ...draft.header } } as const);
      return await encodeFrame(frame, [draft.payload]);
    } finally {
      this.#encoding -= 1;
      this.#waiting.shift()?.();
      draft.onEncoded?.();
    }
  }

  async #takeEncoder(): Promise<void> {
    if (this.#encoding >= maxEncoding) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    this.#encoding += 1;
  }

  async #settle(sending: Sending, before: Promise<unknown>): Promise<void> {
    const { draft } = sending;
    let refusal: { error: unknown } | null = null;
    await sending.settled.catch((error: unknown) => {
      refusal = { error };
    });
    await before;
    this.#frames -= 1;
    this.#inFlightBytes[draft.kind] -= draft.payload.length;
    if (this.#abort.signal.aborted) return;
    if (refusal === null) draft.onAcknowledged();
    else draft.onRefused((refusal as { error: unknown }).error);
  }
}
