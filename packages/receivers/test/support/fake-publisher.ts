import type { OutboundFrame, Publisher } from '@plimsoll/transport';

interface Pending {
  resolve: () => void;
  reject: (error: Error) => void;
}

/** A transport that takes frames, and acknowledges them at once or when told to. */
export class FakePublisher implements Publisher {
  /** In the order in which they were published. */
  readonly published: OutboundFrame[] = [];
  readonly #pending: Pending[] = [];
  isHeld = false;
  refusal: Error | null = null;

  async publish(frame: OutboundFrame, signal?: AbortSignal): Promise<void> {
    this.published.push(frame);
    if (this.refusal) throw this.refusal;
    if (!this.isHeld) return;
    await new Promise<void>((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      signal?.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    });
  }

  get waiting(): number {
    return this.#pending.length;
  }

  acknowledge(): void {
    for (const { resolve } of this.#pending.splice(0)) resolve();
  }
}
