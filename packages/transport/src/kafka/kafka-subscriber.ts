/**
 * Frames out of Kafka, each stored once: a member of the consumer group that hands batches of its
 * partitions to a handler and commits them (docs/specs/delivery.md).
 *
 *     leaders ─ fetch ─▶ queue of a partition ─▶ batch ─▶ intent ─▶ handler ─▶ commit
 *     coordinator ─ heartbeats, assignment ─▶ leases
 *
 * Promises: a batch whose handler resolved is committed, or delivered again with the same bounds;
 * of one partition there is one handler at a time. Nothing waits for a broker without end but the
 * frames themselves: while the cluster is away, or the group refuses this member, nothing comes and
 * `health` says why.
 */
import {
  Backoff,
  messageOf,
  systemClock,
  type Clock,
  type Logger,
  type Metrics,
} from '@plimsoll/runtime';
import { Signal } from '../signal.ts';
import type { BatchHandler, Subscriber } from '../transport.ts';
import { TransportError } from '../transport-error.ts';
import { openConsumerClient, openKafkaClient, type KafkaConfig } from './connection.ts';
import type { ConsumerClient } from './consumer-client.ts';
import type { BatchLimits } from './frame-queue.ts';
import { KafkaFailure, type KafkaClient } from './kafka-client.ts';
import { topicOptions } from './kafka-publisher.ts';
import { TopicPreparer } from './prepare-topics.ts';
import { Session } from './subscriber-session.ts';
import { SubscriberMetrics } from './subscriber-metrics.ts';
import { topicNames } from './topic-settings.ts';

export interface SubscriberLimits extends BatchLimits {
  /**
   * Bytes of frames in memory, of all partitions together: fetched, gathered and being stored. One
   * batch more for each broker when a batch is larger than an answer should be.
   */
  maxInFlightBytes: number;
}

export interface KafkaSubscriberOptions {
  config: KafkaConfig;
  limits: SubscriberLimits;
  logger: Logger;
  metrics: Metrics;
  clock?: Clock;
  /** Makes topics; default: kafkajs, as configured. */
  openClient?: () => Promise<KafkaClient>;
  /** Default: over kafkajs, as configured. */
  openConsumer?: () => ConsumerClient;
}

/** Topics that are not as they must be need a person: they are looked at less often. */
const topicWaitMs = 5000;

export class KafkaSubscriber implements Subscriber {
  readonly #options: KafkaSubscriberOptions;
  readonly #clock: Clock;
  readonly #metrics: SubscriberMetrics;
  readonly #topics: TopicPreparer;
  readonly #stopping = new AbortController();
  readonly #ended = new Signal();
  #session: Session | null = null;
  #isRunning = false;
  #topicProblem: string | null = null;

  constructor(options: KafkaSubscriberOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#topics = new TopicPreparer(topicOptions(options.config), options.logger);
    this.#metrics = new SubscriberMetrics(options.metrics, {
      partitions: () => this.#session?.partitions() ?? [],
      bufferedBytes: () => this.#session?.bufferedBytes ?? 0,
      secondsSinceFetch: () => this.#session?.secondsSinceFetch() ?? null,
    });
  }

  /** Nothing to do: who runs is a member of the group. */
  start(): void {
    // `run` connects, so that no partition is taken that nobody handles.
  }

  /** Ends `run`: what was stored is committed, and the group told, as far as the cluster answers. */
  async stop(): Promise<void> {
    this.#stopping.abort(new TransportError('stopped', 'the transport is stopping'));
    while (this.#isRunning) await this.#ended.wait(new AbortController().signal);
  }

  async run(handler: BatchHandler, signal: AbortSignal): Promise<void> {
    if (this.#isRunning) throw new Error('kafka subscriber: expected one handler, got two');
    const either = AbortSignal.any([signal, this.#stopping.signal]);
    this.#isRunning = true;
    try {
      await this.#prepareTopics(either);
      if (!either.aborted) await this.#runSession(handler, either);
    } finally {
      this.#isRunning = false;
      this.#ended.raise();
    }
  }

  /** Not ok while nothing can come, with the reason; otherwise perhaps with something to know. */
  health(): { ok: boolean; reason?: string } {
    if (this.#topicProblem !== null) return { ok: false, reason: this.#topicProblem };
    if (this.#session === null) return { ok: false, reason: 'not connected to Kafka yet' };
    return this.#session.health();
  }

  async #runSession(handler: BatchHandler, signal: AbortSignal): Promise<void> {
    const { config, limits, logger } = this.#options;
    const { openConsumer = () => openConsumerClient(config, logger) } = this.#options;
    const session = new Session({
      client: openConsumer(),
      group: config.group,
      sessionTimeoutMs: config.session_timeout,
      topics: topicNames(topicOptions(config)),
      limits,
      logger,
      clock: this.#clock,
      metrics: this.#metrics,
      handler,
    });
    this.#session = session;
    try {
      await session.run(signal);
    } finally {
      this.#session = null;
    }
  }

  /** Until they are there. Resolves when the signal aborts. */
  async #prepareTopics(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff({ initialMs: 100, maxMs: topicWaitMs });
    while (!signal.aborted) {
      try {
        await this.#lookAtTopics();
        this.#topicProblem = null;
        return;
      } catch (error) {
        this.#sayTopics(error);
        await this.#clock.sleep(100 + backoff.next(), signal).catch(() => undefined);
      }
    }
  }

  async #lookAtTopics(): Promise<void> {
    const { config, logger } = this.#options;
    const { openClient = () => openKafkaClient(config, logger) } = this.#options;
    const client = await openClient();
    try {
      const findings = await this.#topics.prepare(client);
      // What is in such a topic is stored all the same; whoever publishes waits.
      for (const { level, topic, message, remedy } of findings) {
        if (level === 'fail') logger.warn({ topic, reason: message, remedy }, 'A topic is unfit.');
      }
    } finally {
      await client.close();
    }
  }

  /** Logged once for each problem, not for each try. */
  #sayTopics(error: unknown): void {
    const { config, logger } = this.#options;
    const kind = error instanceof KafkaFailure ? error.kind : 'refused';
    this.#metrics.failures.inc({ reason: kind });
    const brokers = config.brokers.join(', ');
    const where = kind === 'unreachable' ? `Kafka at ${brokers} does not answer: ` : '';
    const problem = `${where}${messageOf(error)}`;
    if (problem !== this.#topicProblem) {
      logger.warn({ reason: problem }, 'Nothing can be read from Kafka; it is tried again.');
    }
    this.#topicProblem = problem;
  }
}
