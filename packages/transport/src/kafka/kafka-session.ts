/**
 * The connection to the cluster, kept up without end:
 *
 *     connecting ──▶ checking topics ──▶ ready ── a send failed ──┐
 *         ▲                │ not as they must be                  │
 *         └──── backoff ◀──┴──────────────────────────────────────┘
 *
 * A failed client is thrown away as a whole, with its sockets and what it believed of the cluster;
 * the next one begins with the brokers of the configuration. `problem` says why nothing goes.
 */
import { Backoff, messageOf, type Clock, type Logger } from '@plimsoll/runtime';
import { Signal } from '../signal.ts';
import { KafkaFailure, type KafkaClient, type KafkaFailureKind } from './kafka-client.ts';
import { TopicPreparer } from './prepare-topics.ts';
import type { TopicOptions } from './topic-settings.ts';

export interface KafkaSessionOptions {
  /** Makes a client that is not connected yet. */
  openClient: () => Promise<KafkaClient>;
  topics: TopicOptions;
  /** For messages: where the cluster is. */
  brokers: readonly string[];
  logger: Logger;
  clock: Clock;
  onFailure: (kind: KafkaFailureKind) => void;
}

const firstWaitMs = 100;
const maxWaitMs = 5000;
/** Topics that are not as they must be need a person: they are looked at less often. */
const topicWaitMs = 10_000;

export class KafkaSession {
  readonly #options: KafkaSessionOptions;
  readonly #stopping = new AbortController();
  readonly #changed = new Signal();
  readonly #backoff = new Backoff({ initialMs: firstWaitMs, maxMs: maxWaitMs });
  readonly #topics: TopicPreparer;
  #client: KafkaClient | null = null;
  #problem: string | null = 'not connected yet';
  #isSuspect = false;
  #running: Promise<void> | null = null;

  constructor(options: KafkaSessionOptions) {
    this.#options = options;
    this.#topics = new TopicPreparer(options.topics, options.logger);
  }

  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Why frames cannot be sent now; null when they can. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Waits for a client that may be sent through. Rejects with the signal's reason. */
  async ready(signal: AbortSignal): Promise<KafkaClient> {
    while (this.#client === null) await this.#changed.wait(signal);
    return this.#client;
  }

  /** After a send went well: the next failure begins with a short wait again. */
  succeeded(): void {
    this.#backoff.reset();
    this.#isSuspect = false;
    this.#clearProblem();
  }

  /** Gives a client up that failed; what another failed with meanwhile is not asked. */
  failed(client: KafkaClient, error: unknown): void {
    if (client !== this.#client) return;
    this.#client = null;
    // A connection proves nothing where the cluster answered, and did not take the frame.
    this.#isSuspect = !(error instanceof KafkaFailure && error.kind === 'unreachable');
    this.#report(error);
    void client.close();
    this.#changed.raise();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const waitMs = await this.#connect();
      const isReady = waitMs === null;
      await (isReady ? this.#lost(signal) : clock.sleep(waitMs, signal).catch(() => undefined));
      // Never at once, whatever the backoff draws: a broker that closes every connection.
      if (isReady && !signal.aborted) {
        await clock.sleep(firstWaitMs + this.#backoff.next(), signal).catch(() => undefined);
      }
    }
    await this.#client?.close();
    this.#client = null;
  }

  /** Null when connected, otherwise how long to wait before the next try. */
  async #connect(): Promise<number | null> {
    let client: KafkaClient | null = null;
    try {
      client = await this.#options.openClient();
      await client.connect();
      const findings = await this.#topics.prepare(client);
      const hindrances = findings.filter(({ level }) => level === 'fail');
      if (hindrances.length === 0) {
        this.#enter(client);
        return null;
      }
      const sentences = hindrances.map(
        ({ topic, message, remedy }) => `${topic}: ${message}; what to do: ${remedy}`,
      );
      this.#say(sentences.join('. '));
      await client.close();
      return topicWaitMs;
    } catch (error) {
      this.#report(error);
      await client?.close();
      return firstWaitMs + this.#backoff.next();
    }
  }

  #enter(client: KafkaClient): void {
    if (!this.#isSuspect) this.#clearProblem();
    this.#client = client;
    this.#changed.raise();
  }

  #clearProblem(): void {
    if (this.#problem === null) return;
    const { logger, brokers } = this.#options;
    logger.info({ brokers }, 'Kafka takes frames.');
    this.#problem = null;
  }

  /** Resolves when the client was given up. */
  async #lost(signal: AbortSignal): Promise<void> {
    while (this.#client !== null && !signal.aborted) {
      await this.#changed.wait(signal).catch(() => undefined);
    }
  }

  #report(error: unknown): void {
    const { onFailure, brokers } = this.#options;
    const kind = error instanceof KafkaFailure ? error.kind : 'refused';
    onFailure(kind);
    const where = kind === 'unreachable' ? `Kafka at ${brokers.join(', ')} does not answer: ` : '';
    this.#say(`${where}${messageOf(error)}`);
  }

  /** Logged once for each problem, not for each try. */
  #say(problem: string): void {
    if (problem !== this.#problem) {
      this.#options.logger.warn(
        { reason: problem },
        'Kafka does not take frames; they wait and are tried again.',
      );
    }
    this.#problem = problem;
  }
}
