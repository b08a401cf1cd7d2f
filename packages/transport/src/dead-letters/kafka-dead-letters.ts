/**
 * Letters in the topic `<prefix>.dead-letters`. What is in it is read once and then followed: an
 * index keeps where each letter is and what a list shows of it, never its bytes.
 */
import { messageOf } from '@plimsoll/runtime';
import {
  deadLetterId,
  maxListedLetters,
  type DeadLetter,
  type DeadLetterStore,
  type LetterSummary,
  type StoredLetter,
} from './dead-letter.ts';
import type { DeadLetterTopic, TopicRecord } from './dead-letter-topic.ts';
import { letterContent } from './letter-content.ts';
import { decodeLetterRecord, encodeLetter, encodeReplayed } from './letter-record.ts';

export interface KafkaDeadLettersOptions {
  /** Connects; called when the first letter is written or asked for, and again after a failure. */
  openTopic: () => Promise<DeadLetterTopic>;
  /** For messages: the topic and its brokers. */
  place: string;
  nowMs?: () => number;
}

interface Indexed {
  summary: LetterSummary;
  /** Of its first copy. */
  partition: number;
  offset: number;
}

export class KafkaDeadLetters implements DeadLetterStore {
  readonly place: string;
  readonly #options: Required<KafkaDeadLettersOptions>;
  /** In the order in which they came. */
  readonly #index = new Map<string, Indexed>();
  /** Where to read on, by partition. */
  readonly #next = new Map<number, number>();
  /** Letters said to be replayed that were not met yet: of a topic that was given more partitions. */
  readonly #replayedEarly = new Set<string>();
  #unlisted = 0;
  #topic: Promise<DeadLetterTopic> | null = null;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(options: KafkaDeadLettersOptions) {
    this.#options = { nowMs: Date.now, ...options };
    this.place = options.place;
  }

  async write(letter: DeadLetter, signal?: AbortSignal): Promise<void> {
    await this.#append(deadLetterId(letter), encodeLetter(letter), signal);
  }

  async list(signal?: AbortSignal): Promise<LetterSummary[]> {
    await this.#refresh(signal);
    return [...this.#index.values()]
      .map(({ summary }) => summary)
      .toSorted((a, b) => a.timeMs - b.timeMs || (a.id < b.id ? -1 : 1));
  }

  async get(id: string, signal?: AbortSignal): Promise<StoredLetter | null> {
    await this.#refresh(signal);
    const indexed = this.#index.get(id);
    if (!indexed) return null;
    const { partition, offset, summary } = indexed;
    const from = new Map(this.#next).set(partition, offset);
    return this.#with(async (topic) => {
      for await (const record of topic.read(from, signal)) {
        if (record.partition !== partition || record.key !== id) continue;
        const found = decodeLetterRecord(record.value);
        if (found?.kind === 'letter') return { ...summary, bytes: found.letter.bytes };
      }
      return null;
    });
  }

  async markReplayed(id: string, signal?: AbortSignal): Promise<void> {
    await this.#append(id, encodeReplayed(this.#options.nowMs()), signal);
  }

  async count(signal?: AbortSignal): Promise<number> {
    await this.#refresh(signal);
    let waiting = this.#unlisted;
    for (const { summary } of this.#index.values()) if (summary.state === 'waiting') waiting += 1;
    return waiting;
  }

  async close(): Promise<void> {
    const topic = this.#topic;
    this.#topic = null;
    await (await topic?.catch(() => null))?.close();
  }

  async #append(key: string, value: Buffer, signal?: AbortSignal): Promise<void> {
    await this.#with(async (topic) => topic.append({ key, value }, signal));
  }

  /** One after another: each begins where the one before ended. */
  async #refresh(signal?: AbortSignal): Promise<void> {
    const refreshed = this.#refreshing
      .catch(() => undefined)
      .then(async () =>
        this.#with(async (topic) => {
          for await (const record of topic.read(this.#next, signal)) {
            await this.#take(record);
            this.#next.set(record.partition, record.offset + 1);
          }
        }),
      );
    this.#refreshing = refreshed;
    await refreshed;
  }

  async #take({ partition, offset, key, value }: TopicRecord): Promise<void> {
    const record = decodeLetterRecord(value);
    const known = this.#index.get(key);
    if (record?.kind === 'replayed') {
      if (known) known.summary = { ...known.summary, state: 'replayed' };
      else this.#replayedEarly.add(key);
      return;
    }
    // A repeat: a batch was stored again after a crash.
    if (known || record?.kind !== 'letter') return;
    const { bytes, ...note } = record.letter;
    const content = await letterContent(bytes);
    const state = this.#replayedEarly.delete(key) ? ('replayed' as const) : ('waiting' as const);
    const summary = { id: key, state, ...note, size: bytes.length, content };
    this.#index.set(key, { summary, partition, offset });
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    const [first] = this.#index;
    if (this.#index.size <= maxListedLetters || !first) return;
    const [id, { summary }] = first;
    if (summary.state === 'waiting') this.#unlisted += 1;
    this.#index.delete(id);
  }

  async #with<T>(work: (topic: DeadLetterTopic) => Promise<T>): Promise<T> {
    this.#topic ??= this.#options.openTopic();
    const opened = this.#topic;
    try {
      return await work(await opened);
    } catch (error) {
      // With its sockets and what it believed of the cluster; the next call begins anew.
      if (this.#topic === opened) await this.close();
      throw new Error(`${this.place}: ${messageOf(error)}`, { cause: error });
    }
  }
}
