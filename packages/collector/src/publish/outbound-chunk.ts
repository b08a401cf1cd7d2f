import type { LogSource } from '@plimsoll/model';

/** A chunk on its way into a frame, wherever its bytes come from. */
export interface OutboundChunk {
  source: LogSource;
  /** Range `[start, end)` of the source. */
  start: number;
  end: number;
  lines: number;
  /** Bytes of payload, where they are not the source's own (format `records`); 0 for all withheld. */
  bytes?: number;
  /** Nothing of it is published before the checkpoint on disk has an entry for it. */
  origin: { isPersisted: boolean };
  /** The chunk, and all before it, are durable at the other side. */
  onAcknowledged: (nowMs: number) => void;
  /** The transport can never take it: its content is lost. `onAcknowledged` follows. */
  onRefused: (error: unknown) => void;
}
