/**
 * One partition, from when it is assigned until it is lost: looks what is recorded, replays what was
 * under way, then stores batch after batch. The order of its steps is reconcile.ts's; here they are
 * carried out. One handler at a time.
 */
import { abortReason, Backoff, type Clock, type Logger } from '@plimsoll/runtime';
import type { BatchHandler } from '../transport.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { ConsumerClient, TopicPartition } from './consumer-client.ts';
import type { Fetcher } from './fetcher.ts';
import { FrameQueue, type BatchLimits, type Gathered } from './frame-queue.ts';
import type { GroupMember } from './group-member.ts';
import { encodeMetadata, type Intent, type Position } from './intent.ts';
import { KafkaFailure } from './kafka-client.ts';
import type { PartitionLease } from './partition-lease.ts';
import { readRange } from './read-topic.ts';
import {
  after,
  nextOf,
  reconcile,
  resume,
  type Known,
  type Loss,
  type Resumed,
} from './reconcile.ts';

export interface WorkerEvents {
  onFailure: (error: unknown, at: TopicPartition | null) => void;
  onLoss: (at: TopicPartition, loss: Loss) => void;
  /** What of the partition is known to be stored. */
  onStored: (at: TopicPartition, next: number) => void;
  onBatch: (isReplay: boolean, gathered: Gathered) => void;
}

export interface PartitionWorkerOptions {
  at: TopicPartition;
  epoch: number;
  group: string;
  lease: PartitionLease;
  member: GroupMember;
  client: ConsumerClient;
  fetcher: Fetcher;
  budget: ByteBudget;
  limits: BatchLimits;
  clock: Clock;
  logger: Logger;
  handler: BatchHandler;
  events: WorkerEvents;
  gate: Gate;
}

/** Closed while the group makes a new generation: no batch is begun that others would wait for. */
export interface Gate {
  isOpen(): boolean;
  /** Resolves when it is open. Rejects with the signal's reason. */
  pass(signal: AbortSignal): Promise<void>;
}

/** Of the budget, for one partition: others must get theirs. */
const shareOfBudget = 1 / 4;

export class PartitionWorker {
  readonly #options: PartitionWorkerOptions;
  #isBusy = false;

  constructor(options: PartitionWorkerOptions) {
    this.#options = options;
  }

  get at(): TopicPartition {
    return this.#options.at;
  }

  get lease(): PartitionLease {
    return this.#options.lease;
  }

  /** Whether a batch is begun whose end is not recorded. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Until the lease is lost, and the handler has ended. Never rejects. */
  async run(): Promise<void> {
    const { lease, clock, events, at } = this.#options;
    const { signal } = lease;
    while (!signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        this.#isBusy = false;
        if (signal.aborted) return;
        const kind = error instanceof KafkaFailure ? error.kind : null;
        // A commit that was not answered: the next generation begins this partition anew.
        if (kind === 'unreachable') lease.lose(error instanceof Error ? error : new Error('lost'));
        // The log does not hold what is next: what is recorded says where to go on.
        else if (kind !== 'out_of_range') events.onFailure(error, at);
        await clock.sleep(200, signal).catch(() => undefined);
      }
    }
  }

  async #follow(): Promise<void> {
    const { at, events } = this.#options;
    const resumed = await this.#resume();
    let known: Known = { recorded: resumed.position, isStored: false };
    for (const loss of resumed.losses) events.onLoss(at, loss);
    this.#tell(resumed);
    if (resumed.isChanged) await this.#record(resumed.position);
    events.onStored(at, resumed.position.next);
    const { intent } = resumed.position;
    if (intent !== null) {
      await this.#replay(resumed.position, intent);
      known = { recorded: resumed.position, isStored: true };
    }
    await this.#stream(known);
  }

  async #stream(from: Known): Promise<void> {
    const { at, fetcher, budget, limits, clock, lease, gate } = this.#options;
    const maxBytes = budget.capacity * shareOfBudget;
    const queue = new FrameQueue({ next: nextOf(from), limits, budget, clock, maxBytes });
    fetcher.add(at, queue);
    try {
      let known = from;
      for (;;) {
        // Behind a stored batch whose end is not recorded the next one is taken only if it is there.
        const mayGoOn = gate.isOpen() && !lease.signal.aborted;
        const atOnce = mayGoOn ? queue.takeNow() : null;
        const batch = known.isStored ? atOnce : (atOnce ?? (await queue.take(lease.signal)));
        fetcher.wake();
        known = await this.#carryOut(known, batch);
        this.#isBusy = known.isStored;
      }
    } finally {
      fetcher.remove(at, queue);
      queue.close();
    }
  }

  /** Gives the bytes of the batch back, whatever happens. */
  async #carryOut(from: Known, batch: Gathered | null): Promise<Known> {
    const { budget, gate, lease } = this.#options;
    let known = from;
    try {
      if (batch !== null) await gate.pass(lease.signal);
      this.#isBusy = true;
      const intent = batch && { first: batch.first, last: batch.last, bytes: batch.bytes };
      for (const step of reconcile(known, intent)) {
        if (step.do === 'record') await this.#record(step.position);
        else if (batch !== null) {
          await this.#handle(known.recorded.incarnation, batch, step.isReplay);
        }
        known = after(known, step);
      }
    } finally {
      if (batch !== null) budget.release(batch.bytes);
    }
    return known;
  }

  async #resume(): Promise<Resumed> {
    const { at, group, client, clock, lease, events } = this.#options;
    const { signal } = lease;
    const backoff = new Backoff({ initialMs: 100, maxMs: 2000 });
    for (;;) {
      signal.throwIfAborted();
      try {
        const [committed] = await client.committedOffsets(group, [at]);
        const leaders = await client.leaders([at.topic]);
        const leader = leaders.find(({ partition }) => partition === at.partition)?.leader ?? null;
        if (leader === null) throw new KafkaFailure('moved', `${nameOf(at)}: no leader`);
        const log = {
          start: await client.logOffset(at, 'start', leader),
          end: await client.logOffset(at, 'end', leader),
        };
        const { offset = null, metadata = '' } = committed ?? {};
        return resume({ offset, metadata }, log, clock.now().toString(36));
      } catch (error) {
        events.onFailure(error, at);
        await clock.sleep(100 + backoff.next(), signal);
      }
    }
  }

  async #record({ incarnation, next, intent }: Position): Promise<void> {
    const { at, member, lease, events } = this.#options;
    const metadata = encodeMetadata({ incarnation, intent });
    // What was stored is committed also while stopping.
    const signal = intent === null ? lease.lost : lease.signal;
    await member.commit({ ...at, offset: next, metadata }, signal);
    events.onStored(at, next);
  }

  /** With the bounds and the bytes of the first try. */
  async #replay(position: Position, intent: Intent): Promise<void> {
    const { at, client, clock, budget, lease, events, gate } = this.#options;
    const { first, last, bytes } = intent;
    const onFailure = (error: unknown): void => events.onFailure(error, at);
    const options = { client, clock, signal: lease.signal, onFailure };
    await budget.reserve(bytes, lease.signal);
    try {
      await gate.pass(lease.signal);
      this.#isBusy = true;
      const { records, logStart } = await readRange({ ...at, first, last }, options);
      // Retention took some of it since the log was looked at: then it is to be looked at again.
      if (logStart > first)
        throw new KafkaFailure('out_of_range', `${nameOf(at)}: ${first} is gone`);
      const frames = records.map(({ value }) => value);
      const offsets = records.map(({ offset }) => offset);
      await this.#handle(position.incarnation, { first, last, bytes, frames, offsets }, true);
    } finally {
      budget.release(bytes);
    }
  }

  /** The same batch again, as a replay, until it is stored. Rejects when the lease is lost. */
  async #handle(incarnation: string, gathered: Gathered, isReplay: boolean): Promise<void> {
    const { at, epoch, lease, handler, clock, logger, events } = this.#options;
    const { first, last, frames, offsets } = gathered;
    const partition = `${nameOf(at)}@${incarnation}`;
    const backoff = new Backoff({ initialMs: 100, maxMs: 5000 });
    for (let isAgain = isReplay; ; isAgain = true) {
      lease.signal.throwIfAborted();
      const batch = { partition, epoch, first, last, isReplay: isAgain, frames, offsets };
      try {
        await handler(batch, lease);
        events.onBatch(isAgain, gathered);
        return;
      } catch (error) {
        if (lease.signal.aborted) throw abortReason(lease.signal);
        logger.warn(
          { err: error, partition, first, last },
          'A batch was not stored and will be tried again.',
        );
      }
      await clock.sleep(100 + backoff.next(), lease.signal);
    }
  }

  #tell({ fresh, losses, position }: Resumed): void {
    const { at, logger } = this.#options;
    const where = { partition: nameOf(at), incarnation: position.incarnation, next: position.next };
    if (fresh === 'new') logger.info(where, 'A partition is read from its beginning.');
    else if (fresh !== null) {
      logger.warn({ ...where, reason: freshWords[fresh] }, 'A partition is counted anew.');
    }
    for (const loss of losses) {
      logger.error(
        { ...where, ...loss },
        'Retention took frames that were not known to be stored.',
      );
    }
  }
}

const freshWords = {
  new: 'nothing is recorded of it',
  moved: 'its offset was set by another hand',
  newer: 'its offset was committed by a later version of Plimsoll',
  unreadable: 'the metadata of its offset is not ours',
  inconsistent: 'what was under way does not begin at its offset, or is not whole any more',
  log_shrunk: 'its log ends before its offset: the topic was made anew, or lost its end',
} as const;

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
