/**
 * One member of the consumer group:
 *
 *     joining ─▶ syncing ─▶ member of a generation ── rebalance ──▶ settling ─┐
 *        ▲                    │ heartbeats by timer │                         │
 *        └──── backoff ◀──────┴──── fenced ◀────────┘    ◀────────────────────┘
 *
 * Invariants: a commit names the generation that assigned the partition to whoever commits; what is
 * of an older one is refused by the broker. `confirmedAtMs` is when the last request that the broker
 * confirmed at this generation was sent, never when its answer came. Partitions go on over a
 * rebalance only when nobody else can have had them: the same member, the very next generation.
 */
import { abortReason, Backoff, type Clock } from '@plimsoll/runtime';
import { Signal } from '../signal.ts';
import { assignPartitions, type TopicSize } from './assignor.ts';
import type {
  ConsumerClient,
  Joined,
  Membership,
  OffsetToCommit,
  TopicPartition,
} from './consumer-client.ts';
import {
  decodeAssignment,
  decodeMember,
  encodeAssignment,
  encodeSubscription,
  protocolName,
} from './group-protocol.ts';
import { KafkaFailure } from './kafka-client.ts';

export interface Generation {
  number: number;
  partitions: readonly TopicPartition[];
  /** Whether nobody else can have had its partitions since this member's generation before. */
  isNext: boolean;
}

export interface GroupMemberOptions {
  client: ConsumerClient;
  group: string;
  topics: readonly string[];
  sessionTimeoutMs: number;
  clock: Clock;
  /** Called without a wait between it and what follows. */
  onAssigned: (generation: Generation) => void;
  /** Nothing is this member's any more. */
  onLost: (reason: Error) => void;
  /** Before joining again: resolves when what is under way has ended, or will not soon. */
  settle: () => Promise<void>;
  onFailure: (error: unknown) => void;
  /** The broker said that the generation stands. */
  onConfirmed: () => void;
  onRebalance: (reason: RebalanceReason) => void;
}

export const rebalanceReasons = ['start', 'others', 'fenced', 'unanswered', 'partitions'] as const;
export type RebalanceReason = (typeof rebalanceReasons)[number];

/** Longest that others wait for a member which does not join again. */
const rebalanceTimeoutMs = 30_000;
/** Between two looks at how many partitions the topics have. */
const partitionsCheckMs = 30_000;

export class GroupMember {
  readonly #options: GroupMemberOptions;
  readonly #changed = new Signal();
  readonly #backoff = new Backoff({ initialMs: 100, maxMs: 3000 });
  #memberId = '';
  #membership: Membership | null = null;
  /** Of the generation before, for stickiness and to know whether it goes on. */
  #owned: readonly TopicPartition[] = [];
  #lastGeneration = -1;
  #confirmedAtMs = Number.NEGATIVE_INFINITY;
  #nonce = 0;
  /** What was not answered at the generation before this one must be refused from now on. */
  #leastGeneration = -1;
  /** Why the present generation must end. */
  #wanted: RebalanceReason | null = 'start';
  /** As leader: what the assignment was made of. */
  #sizes: readonly TopicSize[] | null = null;

  constructor(options: GroupMemberOptions) {
    this.#options = options;
  }

  /** Null while it is none. */
  get membership(): Membership | null {
    return this.#membership;
  }

  get confirmedAtMs(): number {
    return this.#confirmedAtMs;
  }

  /** A member until the signal aborts; then it leaves. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#join(signal);
        this.#backoff.reset();
        await this.#beat(signal);
        if (!signal.aborted) await this.#options.settle();
      } catch (error) {
        if (signal.aborted) break;
        this.#options.onFailure(error);
        if (isFenced(error)) this.#drop(error);
        await this.#options.clock.sleep(100 + this.#backoff.next(), signal).catch(() => undefined);
      }
    }
    await this.#leave();
  }

  /**
   * Commits at the generation of now; the caller makes sure that its partition is of it. Tries again
   * while a refusal may pass. Rejects with the signal's reason when the partition is lost, and with
   * `unreachable` when there was no answer: then the commit may be carried out at any time later, and
   * nothing but another generation keeps it from that, which is asked for here.
   */
  async commit(offset: OffsetToCommit, signal: AbortSignal): Promise<void> {
    const { client, clock, onFailure } = this.#options;
    const backoff = new Backoff({ initialMs: 50, maxMs: 2000 });
    for (;;) {
      const membership = await this.#present(signal);
      const sentAtMs = clock.monotonic();
      try {
        await client.commit(membership, [offset]);
        this.#confirm(membership, sentAtMs);
        return;
      } catch (error) {
        onFailure(error);
        const kind = error instanceof KafkaFailure ? error.kind : 'unreachable';
        if (kind === 'unreachable') {
          this.#end(membership, 'unanswered');
          throw error;
        }
        if (kind === 'fenced') await this.#outlive(membership, signal);
        else await clock.sleep(50 + backoff.next(), signal);
      }
    }
  }

  /** Resolves when the broker has confirmed the generation. Rejects with the signal's reason. */
  async renew(signal: AbortSignal): Promise<void> {
    const { clock, onFailure } = this.#options;
    for (;;) {
      const membership = await this.#present(signal);
      try {
        await this.#heartbeat(membership);
        if (signal.aborted) throw abortReason(signal);
        return;
      } catch (error) {
        if (signal.aborted) throw abortReason(signal);
        onFailure(error);
        if (isFenced(error)) await this.#outlive(membership, signal);
        else await clock.sleep(500, signal);
      }
    }
  }

  async #join(signal: AbortSignal): Promise<void> {
    const { client, group, topics, sessionTimeoutMs, clock } = this.#options;
    const joined = await this.#knownMember(() =>
      client.join({
        group,
        memberId: this.#memberId,
        sessionTimeoutMs,
        rebalanceTimeoutMs: Math.max(rebalanceTimeoutMs, sessionTimeoutMs),
        protocol: protocolName,
        metadata: encodeSubscription({
          topics,
          owned: this.#owned,
          generation: this.#lastGeneration,
          nonce: this.#nonce,
        }),
      }),
    );
    this.#memberId = joined.memberId;
    if (joined.generation === null) return this.#join(signal);
    if (joined.generation < this.#leastGeneration) {
      this.#nonce += 1;
      throw new KafkaFailure('rebalance', `group ${group}: expected another generation`);
    }
    const membership = { group, memberId: joined.memberId, generation: joined.generation };
    const assignments = await this.#assign(joined);
    const sentAtMs = clock.monotonic();
    const mine = await client.sync(membership, assignments);
    if (signal.aborted) return;
    this.#enter(membership, decodeAssignment(mine), sentAtMs);
  }

  /** One that the coordinator does not know begins as a new one. */
  async #knownMember<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (isFenced(error)) this.#memberId = '';
      throw error;
    }
  }

  async #assign({ members }: Joined): Promise<Map<string, Buffer>> {
    this.#sizes = null;
    if (members === null) return new Map();
    const sizes = await this.#topicSizes();
    const states = members.map(({ memberId, metadata }) => decodeMember(memberId, metadata));
    const assigned = assignPartitions(states, sizes);
    this.#sizes = sizes;
    return new Map([...assigned].map(([id, partitions]) => [id, encodeAssignment(partitions)]));
  }

  async #topicSizes(): Promise<TopicSize[]> {
    const { client, topics } = this.#options;
    const leaders = await client.leaders(topics);
    return topics.map((topic) => ({
      topic,
      partitions: leaders.filter((each) => each.topic === topic).length,
    }));
  }

  /** Without a wait: what was lost is told before anybody can commit at the new generation. */
  #enter(membership: Membership, partitions: readonly TopicPartition[], sentAtMs: number): void {
    const isNext = membership.generation === this.#lastGeneration + 1 && this.#lastGeneration >= 0;
    const { onAssigned, onRebalance } = this.#options;
    onRebalance(this.#wanted ?? 'others');
    // Whatever was wanted was of the generation before.
    this.#wanted = null;
    onAssigned({ number: membership.generation, partitions, isNext });
    this.#owned = partitions;
    this.#lastGeneration = membership.generation;
    this.#membership = membership;
    this.#confirmedAtMs = sentAtMs;
    this.#changed.raise();
  }

  /** Resolves when the generation ends. Rejects when this is no member of it any more. */
  async #beat(signal: AbortSignal): Promise<void> {
    const { clock, sessionTimeoutMs, onFailure } = this.#options;
    const everyMs = Math.min(3000, sessionTimeoutMs / 10);
    let nextLookMs = clock.monotonic() + partitionsCheckMs;
    while (!signal.aborted && this.#wanted === null && this.#membership !== null) {
      await this.#pause(everyMs, signal);
      const membership = this.#membership;
      if (signal.aborted || membership === null) return;
      try {
        await this.#heartbeat(membership);
        if (clock.monotonic() >= nextLookMs) {
          nextLookMs = clock.monotonic() + partitionsCheckMs;
          await this.#lookAtPartitions(membership);
        }
      } catch (error) {
        if (isFenced(error)) throw error;
        onFailure(error);
      }
    }
  }

  async #heartbeat(membership: Membership): Promise<void> {
    const { client, clock } = this.#options;
    const sentAtMs = clock.monotonic();
    try {
      await client.heartbeat(membership);
    } catch (error) {
      // Said to members of a generation that still stands: the next is being gathered.
      if (!(error instanceof KafkaFailure) || error.kind !== 'rebalance') throw error;
      this.#end(membership, 'others');
    }
    this.#confirm(membership, sentAtMs);
  }

  /** The leader makes a new assignment when a topic has got more partitions. */
  async #lookAtPartitions(membership: Membership): Promise<void> {
    const known = this.#sizes;
    if (known === null) return;
    const sizes = await this.#topicSizes();
    if (JSON.stringify(sizes) !== JSON.stringify(known)) this.#end(membership, 'partitions');
  }

  #confirm(membership: Membership, sentAtMs: number): void {
    if (membership !== this.#membership) return;
    this.#confirmedAtMs = Math.max(this.#confirmedAtMs, sentAtMs);
    this.#options.onConfirmed();
  }

  #end(membership: Membership, reason: RebalanceReason): void {
    if (membership === this.#membership && reason === 'unanswered') {
      if (this.#leastGeneration <= membership.generation) this.#nonce += 1;
      this.#leastGeneration = membership.generation + 1;
    }
    if (membership !== this.#membership || this.#wanted !== null) return;
    this.#wanted = reason;
    this.#changed.raise();
  }

  #drop(error: unknown): void {
    const reason = error instanceof Error ? error : new Error('the group goes on without us');
    this.#membership = null;
    this.#lastGeneration = -1;
    this.#leastGeneration = -1;
    this.#wanted = 'fenced';
    this.#options.onLost(reason);
    this.#changed.raise();
  }

  async #present(signal: AbortSignal): Promise<Membership> {
    for (;;) {
      if (signal.aborted) throw abortReason(signal);
      if (this.#membership !== null) return this.#membership;
      await this.#changed.wait(signal);
    }
  }

  /** Waits for another generation: the broker refused this one. */
  async #outlive(membership: Membership, signal: AbortSignal): Promise<void> {
    this.#end(membership, 'fenced');
    while (membership === this.#membership) await this.#changed.wait(signal);
  }

  /** Ends early when the generation is to end. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const waits = [this.#options.clock.sleep(ms, either), this.#changed.wait(either)];
    await Promise.race(waits).catch(() => undefined);
    stop.abort();
    await Promise.allSettled(waits);
  }

  async #leave(): Promise<void> {
    const { client, group } = this.#options;
    this.#membership = null;
    this.#changed.raise();
    if (this.#memberId === '') return;
    const member = { group, memberId: this.#memberId, generation: this.#lastGeneration };
    // The others need not wait for the session to end. When it fails they do.
    await client.leave(member).catch(() => undefined);
  }
}

function isFenced(error: unknown): boolean {
  return error instanceof KafkaFailure && error.kind === 'fenced';
}
