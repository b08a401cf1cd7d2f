/**
 * Frames of one topic and key on their way, in order: one send at a time, of as many frames as fit.
 * A send that fails is tried again before anything behind it, so the first copies of frames arrive
 * in the order in which they were given. A try whose answer was lost may have been stored: then its
 * frames are there twice, the second time at the head of the next try.
 */
import { abortReason } from '@plimsoll/runtime';
import { KafkaFailure, type KafkaClient } from './kafka-client.ts';
import type { KafkaSession } from './kafka-session.ts';

export interface SendQueueOptions {
  topic: string;
  key: string;
  session: KafkaSession;
  stopping: AbortSignal;
  onSent: (bytes: number) => void;
}

interface Waiting {
  bytes: Buffer;
  settle: (error?: unknown) => void;
  isAborted: boolean;
}

/** Frames that are sent together: Kafka takes a batch as one message. */
const maxBatchBytes = 2 * 1024 * 1024;
const maxBatchFrames = 1000;
/** An answer that is this late does not come: the library's own deadlines have failed. */
const sendDeadlineMs = 90_000;

export class SendQueue {
  readonly #options: SendQueueOptions;
  readonly #waiting: Waiting[] = [];
  #isSending = false;
  /** A batch was too large for the topic: one frame after another until one has gone through. */
  #isSingle = false;

  constructor(options: SendQueueOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && !this.#isSending;
  }

  /** Resolves when the frame is durable. An aborted one is not tried again. */
  add(bytes: Buffer, signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        waiting.isAborted = true;
        waiting.settle(abortReason(signal));
      };
      const waiting: Waiting = {
        bytes,
        isAborted: false,
        settle: (error) => {
          signal.removeEventListener('abort', onAbort);
          if (error === undefined) resolve();
          else reject(error instanceof Error ? error : new Error('the frame was given up'));
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiting);
      if (!this.#isSending) void this.#sendAll();
    });
  }

  /** Never rejects. */
  async #sendAll(): Promise<void> {
    const { session, stopping } = this.#options;
    this.#isSending = true;
    while (!stopping.aborted) {
      const client = await session.ready(stopping).catch(() => null);
      if (client === null) break;
      const batch = this.#nextBatch();
      if (batch.length === 0) break;
      await this.#send(client, batch);
    }
    // Without a wait since the queue was seen empty, so that nothing is added unseen.
    this.#isSending = false;
  }

  /** Leaves the batch at the head until it is acknowledged. */
  #nextBatch(): Waiting[] {
    while (this.#waiting[0]?.isAborted === true) this.#waiting.shift();
    const batch: Waiting[] = [];
    let bytes = 0;
    for (const waiting of this.#waiting) {
      if (waiting.isAborted) continue;
      const isFull =
        bytes + waiting.bytes.length > maxBatchBytes ||
        batch.length >= (this.#isSingle ? 1 : maxBatchFrames);
      if (batch.length > 0 && isFull) break;
      batch.push(waiting);
      bytes += waiting.bytes.length;
    }
    return batch;
  }

  async #send(client: KafkaClient, batch: readonly Waiting[]): Promise<void> {
    const { topic, key, session, onSent } = this.#options;
    try {
      const values = batch.map(({ bytes }) => bytes);
      await withDeadline(client.send(topic, key, values));
    } catch (error) {
      const isTooLarge = error instanceof KafkaFailure && error.kind === 'too_large';
      if (isTooLarge && batch.length > 1) {
        this.#isSingle = true;
        return;
      }
      // One that is too large alone waits as well: the next look at the topic says what to raise.
      session.failed(client, error);
      return;
    }
    this.#isSingle = false;
    session.succeeded();
    const sent = new Set(batch);
    const left = this.#waiting.filter((waiting) => !sent.has(waiting));
    this.#waiting.splice(0, this.#waiting.length, ...left);
    for (const waiting of batch) {
      onSent(waiting.bytes.length);
      waiting.settle();
    }
  }
}

async function withDeadline(call: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new KafkaFailure('unreachable', `got no answer within ${sendDeadlineMs / 1000} s`));
    }, sendDeadlineMs);
  });
  try {
    await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
