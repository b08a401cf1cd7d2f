import type { LogEntry, LogTailMessage } from '@plimsoll/model/api';

/** The part of a socket that a client needs; an HTTP response is one. */
export interface TailSink {
  write(text: string): boolean;
  end(): void;
  /** Bytes handed over and not yet taken by the network. */
  readonly writableLength: number;
}

/** Bytes waiting for one slow reader; above it, lines are dropped and counted. */
export const maxWaitingBytes = 1024 * 1024;

/**
 * One reader of the tail. It never waits for the network and never buffers beyond
 * maxWaitingBytes: what does not fit is counted, and the count is sent when there is room again.
 */
export class TailClient {
  readonly #sink: TailSink;
  #dropped = 0;
  #ended = false;

  constructor(sink: TailSink) {
    this.#sink = sink;
  }

  /** Lines that could not be sent and were not yet told of. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Returns how many of the lines were dropped. */
  sendEntries(entries: LogEntry[]): number {
    if (this.#ended || entries.length === 0) return 0;
    if (!this.#hasRoom()) {
      this.#dropped += entries.length;
      return entries.length;
    }
    this.#tellDropped();
    this.#write({ type: 'entries', entries });
    return 0;
  }

  /** Lines that were left out before they came here. */
  sendDropped(count: number, reason: string): void {
    if (this.#ended || count === 0) return;
    if (this.#hasRoom()) this.#write({ type: 'dropped', count, reason });
    else this.#dropped += count;
  }

  heartbeat(at: number): void {
    if (this.#ended || !this.#hasRoom()) return;
    this.#tellDropped();
    this.#write({ type: 'heartbeat', at });
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink.end();
  }

  #hasRoom(): boolean {
    return this.#sink.writableLength < maxWaitingBytes;
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    this.#write({ type: 'dropped', count: this.#dropped, reason: 'slow_reader' });
    this.#dropped = 0;
  }

  #write(message: LogTailMessage): void {
    this.#sink.write(`data: ${JSON.stringify(message)}\n\n`);
  }
}
