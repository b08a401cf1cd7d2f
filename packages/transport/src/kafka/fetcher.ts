/**
 * Fetches frames of all partitions that want some: one request at a time to each broker that leads
 * any, for all of them together. Leaders are asked for when one is not known, or not the leader any
 * more. What is under way is bounded by the budget, of which each request reserves its largest answer.
 */
import { Backoff, type Clock } from '@plimsoll/runtime';
import { Signal } from '../signal.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { ConsumerClient, FetchedPartition, TopicPartition } from './consumer-client.ts';
import type { FrameQueue } from './frame-queue.ts';
import { KafkaFailure } from './kafka-client.ts';

export interface FetcherOptions {
  client: ConsumerClient;
  topics: readonly string[];
  budget: ByteBudget;
  clock: Clock;
  onFailure: (error: unknown, at: TopicPartition | null) => void;
  /** An answer came that was good for this partition. */
  onFetched: (answer: Extract<FetchedPartition, { ok: true }>) => void;
}

/** Of one answer. The first batch of it comes whole all the same, of at most 16 MiB. */
const maxFetchBytes = 16 * 1024 * 1024;
const maxPartitionBytes = 4 * 1024 * 1024;
/** How long a broker holds an answer back for something to come. */
const maxWaitMs = 250;

interface Source extends TopicPartition {
  queue: FrameQueue;
  leader: number | null;
  /** When it last got an answer, or wanted none. */
  freshAtMs: number;
  /** In a row. */
  failures: number;
}

export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #sources = new Map<string, Source>();
  readonly #changed = new Signal();
  /** Brokers that are being asked. */
  readonly #brokers = new Map<number, Promise<void>>();
  #turn = 0;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  add({ topic, partition }: TopicPartition, queue: FrameQueue): void {
    const freshAtMs = this.#options.clock.monotonic();
    this.#sources.set(`${topic}/${partition}`, {
      topic,
      partition,
      queue,
      leader: null,
      freshAtMs,
      failures: 0,
    });
    this.#changed.raise();
  }

  remove({ topic, partition }: TopicPartition, queue: FrameQueue): void {
    const name = `${topic}/${partition}`;
    if (this.#sources.get(name)?.queue === queue) this.#sources.delete(name);
    this.#changed.raise();
  }

  /** Partitions that want frames and got no answer for so long; and for how long the worst of them. */
  stale(forMs: number): { partitions: number; longestMs: number } {
    const nowMs = this.#options.clock.monotonic();
    const waits = this.#all()
      .filter(({ queue }) => queue.wantsMore)
      .map(({ freshAtMs }) => nowMs - freshAtMs)
      .filter((ms) => ms > forMs);
    return { partitions: waits.length, longestMs: Math.max(0, ...waits) };
  }

  /** A queue has room again. */
  wake(): void {
    this.#changed.raise();
  }

  /** Until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff({ initialMs: 100, maxMs: 2000 });
    while (!signal.aborted) {
      if (!this.#all().some(({ leader }) => leader === null)) {
        await this.#changed.wait(signal).catch(() => undefined);
        continue;
      }
      const isComplete = await this.#findLeaders();
      for (const { leader } of this.#all()) if (leader !== null) this.#ask(leader, signal);
      const failures = Math.max(0, ...this.#all().map((source) => source.failures));
      const isWell = isComplete && failures < 2;
      if (isWell) backoff.reset();
      // Not more often, whatever brokers say of who leads.
      const waitMs = isWell ? 50 : 100 + backoff.next();
      await this.#options.clock.sleep(waitMs, signal).catch(() => undefined);
    }
    await Promise.all(this.#brokers.values());
  }

  #all(): Source[] {
    return [...this.#sources.values()];
  }

  /** Whether each partition has one. */
  async #findLeaders(): Promise<boolean> {
    const { client, topics, onFailure } = this.#options;
    try {
      const found = await client.leaders(topics);
      const leaders = new Map(
        found.map((each) => [`${each.topic}/${each.partition}`, each.leader]),
      );
      for (const [name, source] of this.#sources) source.leader = leaders.get(name) ?? null;
    } catch (error) {
      onFailure(error, null);
      return false;
    }
    const without = this.#all().filter(({ leader }) => leader === null);
    for (const at of without) {
      const name = `${at.topic}/${at.partition}`;
      onFailure(new KafkaFailure('moved', `${name}: expected a leader, got none`), at);
    }
    return without.length === 0;
  }

  #ask(broker: number, signal: AbortSignal): void {
    if (this.#brokers.has(broker)) return;
    const asking = this.#askOn(broker, signal).finally(() => this.#brokers.delete(broker));
    this.#brokers.set(broker, asking);
  }

  /** While the broker leads anything and answers. Never rejects. */
  async #askOn(broker: number, signal: AbortSignal): Promise<void> {
    const { budget, onFailure } = this.#options;
    for (;;) {
      const led = this.#all().filter(({ leader }) => leader === broker);
      if (led.length === 0 || signal.aborted) return;
      const wanting = led.filter(({ queue }) => queue.wantsMore);
      try {
        if (wanting.length === 0) await this.#changed.wait(signal);
        const nowMs = this.#options.clock.monotonic();
        for (const source of led) if (!wanting.includes(source)) source.freshAtMs = nowMs;
        if (wanting.length === 0) continue;
        await budget.reserve(maxFetchBytes, signal);
      } catch {
        return;
      }
      try {
        await this.#fetch(broker, wanting);
      } catch (error) {
        onFailure(error, null);
        for (const source of led) this.#failed(source);
        return;
      } finally {
        budget.release(maxFetchBytes);
      }
    }
  }

  async #fetch(broker: number, wanting: readonly Source[]): Promise<void> {
    // Who is first is answered first: everybody in turn.
    this.#turn += 1;
    const at = this.#turn % wanting.length;
    const asked = [...wanting.slice(at), ...wanting.slice(0, at)];
    const positions = asked.map(({ topic, partition, queue }) => {
      return { topic, partition, offset: queue.position, maxBytes: maxPartitionBytes };
    });
    const request = { partitions: positions, maxWaitMs, maxBytes: maxFetchBytes };
    const answers = await this.#options.client.fetch(broker, request);
    for (const answer of answers) {
      const index = asked.findIndex(
        ({ topic, partition }) => topic === answer.topic && partition === answer.partition,
      );
      const source = asked[index];
      // Given up or begun anew meanwhile: then the answer is nobody's.
      if (source === undefined || this.#sources.get(nameOf(source)) !== source) continue;
      if (source.queue.position !== positions[index]?.offset) continue;
      this.#take(source, answer);
    }
  }

  #take(source: Source, answer: FetchedPartition): void {
    const { onFailure, onFetched } = this.#options;
    if (answer.ok) {
      source.freshAtMs = this.#options.clock.monotonic();
      source.failures = 0;
      source.queue.add(answer.records, answer.next);
      onFetched(answer);
      return;
    }
    const { error } = answer;
    const kind = error instanceof KafkaFailure ? error.kind : 'refused';
    // The queue says so when what it has is stored; its owner then looks where to go on. A topic that
    // is not there may come back as another.
    if (kind === 'out_of_range' || kind === 'unknown_topic') source.queue.fail(error);
    if (kind !== 'out_of_range') onFailure(error, source);
    this.#failed(source);
  }

  #failed(source: Source): void {
    source.failures += 1;
    source.leader = null;
    this.#changed.raise();
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
