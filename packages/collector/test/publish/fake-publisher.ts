import type { OutboundFrame, Publisher } from '@plimsoll/transport';

interface Pending {
  frame: OutboundFrame;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** A transport that takes frames and acknowledges them when told to. */
export class FakePublisher implements Publisher {
  readonly pending: Pending[] = [];
  /** Frames in the order in which they were published. */
  readonly published: OutboundFrame[] = [];
  /** While false, publish waits for `acknowledge`. */
  acknowledgesAtOnce: boolean;
  refusal: Error | null = null;

  constructor(options: { acknowledgesAtOnce?: boolean } = {}) {
    this.acknowledgesAtOnce = options.acknowledgesAtOnce ?? false;
  }

  publish(frame: OutboundFrame, signal?: AbortSignal): Promise<void> {
    this.published.push(frame);
    if (this.refusal) return Promise.reject(this.refusal);
    if (this.acknowledgesAtOnce) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const pending = { frame, resolve, reject };
      this.pending.push(pending);
      signal?.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    });
  }

  /** Acknowledges the first frames that wait, and returns them. */
  acknowledge(count = Infinity): OutboundFrame[] {
    const taken = this.pending.splice(0, count);
    for (const { resolve } of taken) resolve();
    return taken.map(({ frame }) => frame);
  }
}
