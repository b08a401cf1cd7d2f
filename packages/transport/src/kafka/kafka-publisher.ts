/**
 * Frames into Kafka: `<prefix>.logs` and `<prefix>.rows`, acknowledged by all in-sync replicas.
 *
 *     publish ─▶ queue of its topic and key ─▶ send, one at a time ─▶ publish resolves
 *
 * Promises: a frame whose publish resolved is on every in-sync replica; first copies of frames with
 * one key arrive in the order of their publishes; a frame may arrive twice (docs/specs/delivery.md
 * says who removes the second). While the cluster is away, or its topics are not as they must be,
 * publishing waits without end: how much waits is bounded by whoever publishes. kafkajs' idempotent
 * producer is not used: it is experimental, and ingest recognises what comes twice anyway.
 */
import { abortReason, systemClock, type Clock, type Logger, type Metrics } from '@plimsoll/runtime';
import type { OutboundFrame, Publisher } from '../transport.ts';
import { TransportError } from '../transport-error.ts';
import { openKafkaClient, type KafkaConfig } from './connection.ts';
import type { KafkaClient } from './kafka-client.ts';
import { KafkaMetrics } from './kafka-metrics.ts';
import { KafkaSession } from './kafka-session.ts';
import { SendQueue } from './send-queue.ts';
import { maxKafkaFrameBytes, topicName } from './topic-settings.ts';

export interface KafkaPublisherOptions {
  config: KafkaConfig;
  logger: Logger;
  metrics: Metrics;
  clock?: Clock;
  /** Default: kafkajs, as configured. */
  openClient?: () => Promise<KafkaClient>;
}

export class KafkaPublisher implements Publisher {
  readonly smallFrameWaitMs: number;
  readonly #config: KafkaConfig;
  readonly #metrics: KafkaMetrics;
  readonly #session: KafkaSession;
  readonly #stopping = new AbortController();
  readonly #queues = new Map<string, SendQueue>();
  readonly #clock: Clock;
  #waiting = { frames: 0, bytes: 0 };
  /** When the oldest of those that wait now began, or nothing was under way last. */
  #stillSinceMs: number | null = null;

  constructor(options: KafkaPublisherOptions) {
    const { config, logger, clock = systemClock } = options;
    this.#config = config;
    this.smallFrameWaitMs = config.small_frame_wait;
    this.#clock = clock;
    this.#metrics = new KafkaMetrics(options.metrics, () => this.#waiting);
    this.#session = new KafkaSession({
      openClient: options.openClient ?? (() => openKafkaClient(config, logger)),
      topics: topicOptions(config),
      brokers: config.brokers,
      logger,
      clock,
      onFailure: (reason) => this.#metrics.failures.inc({ reason }),
    });
  }

  /** Does not wait for the cluster: what is published meanwhile waits. */
  start(): void {
    this.#session.start();
  }

  /** Gives up what is not acknowledged. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort(new TransportError('stopped', 'the transport is stopping'));
    await this.#session.stop();
  }

  async publish({ key, kind, bytes }: OutboundFrame, signal?: AbortSignal): Promise<void> {
    if (bytes.length > maxKafkaFrameBytes) {
      const message = `frame: expected at most ${maxKafkaFrameBytes} bytes, got ${bytes.length}`;
      throw new TransportError('frame_too_large', message);
    }
    const either = signal
      ? AbortSignal.any([signal, this.#stopping.signal])
      : this.#stopping.signal;
    if (either.aborted) throw abortReason(either);
    const from = this.#clock.monotonic();
    this.#count(1, bytes.length);
    try {
      await this.#queueOf(topicName(this.#config.topic_prefix, kind), key).add(bytes, either);
      this.#stillSinceMs = this.#clock.monotonic();
      this.#metrics.publishSeconds.observe((this.#clock.monotonic() - from) / 1000);
    } finally {
      this.#count(-1, -bytes.length);
    }
  }

  /** Not ok while frames cannot be sent, with the reason and how much waits. */
  health(): { ok: boolean; reason?: string } {
    const { problem } = this.#session;
    if (problem === null) return { ok: true };
    const { frames, bytes } = this.#waiting;
    if (frames === 0 || this.#stillSinceMs === null) return { ok: false, reason: problem };
    const seconds = Math.round((this.#clock.monotonic() - this.#stillSinceMs) / 1000);
    return {
      ok: false,
      reason: `${problem} (${frames} frames of ${bytes} bytes wait for ${seconds} s)`,
    };
  }

  #count(frames: number, bytes: number): void {
    if (this.#waiting.frames === 0) this.#stillSinceMs = this.#clock.monotonic();
    this.#waiting = {
      frames: this.#waiting.frames + frames,
      bytes: this.#waiting.bytes + bytes,
    };
  }

  #queueOf(topic: string, key: string): SendQueue {
    const name = `${topic} ${key}`;
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    // Keys are few, one per collector; those that a test or a demo left behind go.
    for (const [other, queue] of this.#queues) if (queue.isIdle) this.#queues.delete(other);
    const queue = new SendQueue({
      topic,
      key,
      session: this.#session,
      stopping: this.#stopping.signal,
      onSent: (bytes) => this.#metrics.sentBytes.inc(bytes),
    });
    this.#queues.set(name, queue);
    return queue;
  }
}

export function topicOptions({ topic_prefix: prefix, topics }: KafkaConfig) {
  const { create, partitions, replicas, retention: retentionMs } = topics;
  return { prefix, create, partitions, replicas, retentionMs };
}
