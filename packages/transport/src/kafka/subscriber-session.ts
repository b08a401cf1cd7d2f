/**
 * What a subscriber has while it runs: the group member, the fetcher, and a worker for each partition
 * that is assigned. Partitions come and go here.
 */
import { abortReason, messageOf, type Clock, type Logger } from '@plimsoll/runtime';
import { Signal } from '../signal.ts';
import type { BatchHandler } from '../transport.ts';
import { ByteBudget } from './byte-budget.ts';
import type { ConsumerClient, TopicPartition } from './consumer-client.ts';
import { Fetcher } from './fetcher.ts';
import { GroupMember, type Generation } from './group-member.ts';
import { KafkaFailure } from './kafka-client.ts';
import type { SubscriberLimits } from './kafka-subscriber.ts';
import { PartitionLease } from './partition-lease.ts';
import { PartitionWorker, type Gate } from './partition-worker.ts';
import type { Loss } from './reconcile.ts';
import type { PartitionState, SubscriberMetrics } from './subscriber-metrics.ts';

export interface SessionOptions {
  client: ConsumerClient;
  group: string;
  sessionTimeoutMs: number;
  topics: readonly string[];
  limits: SubscriberLimits;
  logger: Logger;
  clock: Clock;
  metrics: SubscriberMetrics;
  handler: BatchHandler;
}

/** Longest that the group waits for batches under way before it makes a new generation. */
const settleMs = 5000;
/** Longest that handlers have to end when the transport stops; they were told. */
const stopMs = 10_000;
const leaveMs = 3000;
/** A partition that gets no answer for so long is told of. */
const staleMs = 15_000;
/** How long a loss is told of. */
const lossNoticeMs = 3_600_000;

interface Running extends PartitionState {
  worker: PartitionWorker;
  /** Resolves when its handler has ended. */
  ended: Promise<void>;
  stored: number;
  end: number;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #budget: ByteBudget;
  readonly #member: GroupMember;
  readonly #fetcher: Fetcher;
  readonly #running = new Map<string, Running>();
  /** Of those that were lost and whose handler goes on. */
  readonly #ending = new Map<string, Promise<void>>();
  readonly #opened = new Signal();
  #isOpen = true;
  #isStopping = false;
  #epoch = 0;
  #fetchedAtMs: number | null = null;
  #failure: string | null = null;
  #loss: { text: string; atMs: number } | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { client, group, topics, sessionTimeoutMs, clock } = options;
    this.#budget = new ByteBudget(options.limits.maxInFlightBytes);
    this.#member = new GroupMember({
      client,
      group,
      topics,
      sessionTimeoutMs,
      clock,
      onAssigned: (generation) => this.#assign(generation),
      onLost: (reason) => this.#loseAll(reason),
      settle: () => this.#settle(),
      onFailure: (error) => this.#fail(error),
      onConfirmed: () => (this.#failure = null),
      onRebalance: (reason) => options.metrics.rebalances.inc({ reason }),
    });
    this.#fetcher = new Fetcher({
      client,
      topics,
      budget: this.#budget,
      clock,
      onFailure: (error) => this.#fail(error),
      onFetched: (answer) => {
        this.#fetchedAtMs = clock.monotonic();
        const running = this.#running.get(nameOf(answer));
        if (running !== undefined) running.end = answer.highWatermark;
        options.metrics.receivedFrames.inc(answer.records.length);
        options.metrics.receivedBytes.inc(
          answer.records.reduce((sum, { value }) => sum + value.length, 0),
        );
      },
    });
  }

  get bufferedBytes(): number {
    return this.#budget.used;
  }

  secondsSinceFetch(): number | null {
    const { clock } = this.#options;
    return this.#fetchedAtMs === null ? null : (clock.monotonic() - this.#fetchedAtMs) / 1000;
  }

  partitions(): PartitionState[] {
    return [...this.#running.values()].map(({ topic, partition, stored, end }) => {
      return { topic, partition, lag: Math.max(0, end - stored) };
    });
  }

  /** Until the signal aborts and what is under way has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const { clock } = this.#options;
    const ending = new AbortController();
    const member = this.#member.run(ending.signal);
    const fetcher = this.#fetcher.run(ending.signal);
    await aborted(signal);
    await this.#stop(abortReason(signal));
    ending.abort();
    // Time to leave the group, where the coordinator answers.
    await firstOf(member, clock, leaveMs);
    client.close();
    await Promise.all([member, fetcher]);
  }

  health(): { ok: boolean; reason?: string } {
    const { clock, group, sessionTimeoutMs } = this.#options;
    const why = this.#failure === null ? '' : `: ${this.#failure}`;
    if (this.#member.membership === null) {
      return { ok: false, reason: `not a member of the group ${group} yet${why}` };
    }
    const silentMs = clock.monotonic() - this.#member.confirmedAtMs;
    if (silentMs > Math.max(10_000, sessionTimeoutMs / 2)) {
      const seconds = Math.round(silentMs / 1000);
      return { ok: false, reason: `the group's coordinator is silent for ${seconds} s${why}` };
    }
    const { partitions, longestMs } = this.#fetcher.stale(staleMs);
    if (partitions > 0) {
      const seconds = Math.round(longestMs / 1000);
      const counts = `${partitions} of ${this.#running.size} partitions`;
      return { ok: false, reason: `no answer for ${counts} for ${seconds} s${why}` };
    }
    if (this.#loss !== null && clock.monotonic() - this.#loss.atMs < lossNoticeMs) {
      return { ok: true, reason: this.#loss.text };
    }
    if (this.#running.size > 0) return { ok: true };
    return { ok: true, reason: `the group ${group} has more members than partitions` };
  }

  /** Without a wait: the member commits at the new generation when this returns. */
  #assign({ partitions, isNext, number }: Generation): void {
    const wanted = new Map(partitions.map((at) => [nameOf(at), at]));
    for (const [name, { worker }] of this.#running) {
      const isSame = isNext && wanted.has(name) && !worker.lease.lost.aborted;
      if (isSame) wanted.delete(name);
      else this.#lose(name, new Error('the partition was given away or begins anew'));
    }
    if (!this.#isStopping) for (const at of wanted.values()) this.#begin(at);
    this.#open();
    const { logger, group } = this.#options;
    const names = partitions.map(nameOf);
    logger.info({ group, generation: number, partitions: names }, 'Partitions were assigned.');
  }

  #begin(at: TopicPartition): void {
    const { client, group, limits, clock, logger, handler, metrics } = this.#options;
    const name = nameOf(at);
    this.#epoch += 1;
    const lease = new PartitionLease(this.#member, clock);
    const gate: Gate = { isOpen: () => this.#isOpen, pass: (signal) => this.#pass(signal) };
    const worker = new PartitionWorker({
      at,
      epoch: this.#epoch,
      group,
      lease,
      client,
      limits,
      clock,
      logger,
      handler,
      gate,
      member: this.#member,
      fetcher: this.#fetcher,
      budget: this.#budget,
      events: {
        onFailure: (error) => this.#fail(error),
        onLoss: (where, loss) => this.#tellLoss(where, loss),
        onStored: (_at, next) => {
          const running = this.#running.get(name);
          if (running?.worker === worker) running.stored = next;
        },
        onBatch: (isReplay) => metrics.batches.inc({ replay: String(isReplay) }),
      },
    });
    // Never two handlers of one partition: one that was told to end may take its time.
    const before = this.#ending.get(name) ?? Promise.resolve();
    const ended = before.then(() => worker.run());
    this.#running.set(name, { ...at, lag: 0, stored: 0, end: 0, worker, ended });
  }

  #lose(name: string, reason: Error): void {
    const running = this.#running.get(name);
    if (running === undefined) return;
    this.#running.delete(name);
    running.worker.lease.lose(reason);
    this.#ending.set(name, running.ended);
    void this.#forgetEnded(name, running.ended);
  }

  async #forgetEnded(name: string, ended: Promise<void>): Promise<void> {
    await ended;
    if (this.#ending.get(name) === ended) this.#ending.delete(name);
  }

  #loseAll(reason: Error): void {
    for (const name of this.#running.keys()) this.#lose(name, reason);
    this.#open();
  }

  /** Begins no batch more, and waits for those under way, though not for long. */
  async #settle(): Promise<void> {
    const { clock, sessionTimeoutMs } = this.#options;
    this.#isOpen = false;
    const untilMs = clock.monotonic() + Math.min(settleMs, sessionTimeoutMs / 3);
    const isBusy = (): boolean => [...this.#running.values()].some(({ worker }) => worker.isBusy);
    while (isBusy() && clock.monotonic() < untilMs && !this.#isStopping) await clock.sleep(20);
  }

  #open(): void {
    this.#isOpen = true;
    this.#opened.raise();
  }

  async #pass(signal: AbortSignal): Promise<void> {
    while (!this.#isOpen) await this.#opened.wait(signal);
    if (signal.aborted) throw abortReason(signal);
  }

  /** Waits for batches that are begun: those who store them were told to end. */
  async #stop(reason: Error): Promise<void> {
    const { clock, logger } = this.#options;
    this.#isStopping = true;
    const all = [...this.#running.values()];
    for (const { worker } of all) worker.lease.stop(reason);
    const busy = all.filter(({ worker }) => worker.isBusy).map(({ ended }) => ended);
    const ended = Promise.all([...busy, ...this.#ending.values()]);
    if (!(await firstOf(ended, clock, stopMs))) {
      logger.error({ afterMs: stopMs }, 'A batch did not end and was left behind.');
    }
    this.#loseAll(reason);
  }

  #fail(error: unknown): void {
    const { metrics, logger } = this.#options;
    const kind = error instanceof KafkaFailure ? error.kind : 'refused';
    metrics.failures.inc({ reason: kind });
    // As things go: the group is making a new generation.
    if (kind === 'rebalance') return;
    const text = messageOf(error);
    if (text !== this.#failure) logger.warn({ reason: text }, 'A request to Kafka failed.');
    this.#failure = text;
  }

  #tellLoss(at: TopicPartition, { reason, first, last }: Loss): void {
    const { metrics, clock } = this.#options;
    metrics.lostFrames.inc({ reason }, last - first + 1);
    const text = `retention took frames ${first} to ${last} of ${nameOf(at)} before they were stored`;
    this.#loss = { text, atMs: clock.monotonic() };
  }
}

/** Whether it came to its end in time. */
async function firstOf(work: Promise<unknown>, clock: Clock, ms: number): Promise<boolean> {
  const late = new AbortController();
  const inTime = await Promise.race([
    work.then(() => true),
    clock.sleep(ms, late.signal).then(
      () => false,
      () => true,
    ),
  ]);
  late.abort();
  return inTime;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
