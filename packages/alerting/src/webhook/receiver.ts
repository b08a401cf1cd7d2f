/**
 * One webhook receiver: a bounded queue, and tries with exponential backoff and jitter.
 *
 * Invariants: notifications of one alert are delivered in order, those of different alerts do not
 * wait for each other; at most `maxQueued` wait, the oldest is dropped and counted above it; each
 * attempt and each end (delivered, abandoned, dropped) is recorded.
 */
import { Backoff, messageOf, type Clock, type Logger } from '@plimsoll/runtime';
import { payloadOf, type Notification } from './payload.ts';
import { send, type Fetch, type SendOutcome } from './send.ts';

export interface WebhookConfig {
  name: string;
  url: string;
  secret?: string | undefined;
  /** Milliseconds. */
  timeout: number;
  max_attempts: number;
  send_resolved: boolean;
}

/** `queued` and `failed` leave a notification owed; the others end it. */
export type DeliveryStatus = 'queued' | 'failed' | 'delivered' | 'abandoned' | 'dropped';

export interface DeliveryRecord {
  receiver: string;
  notification: Notification;
  status: DeliveryStatus;
  attempt: number;
  error: string;
}

export interface WebhookReceiverOptions {
  config: WebhookConfig;
  clock: Clock;
  random: () => number;
  fetch: Fetch;
  logger: Logger;
  record: (record: DeliveryRecord) => void;
  maxQueued?: number;
}

interface Item {
  notification: Notification;
  attempt: number;
  dueAt: number;
  backoff: Backoff;
  isUnderWay: boolean;
}

const defaultMaxQueued = 1000;
const concurrency = 4;
const firstRetryMs = 1000;
const longestRetryMs = 300_000;

export class WebhookReceiver {
  readonly #options: WebhookReceiverOptions;
  readonly #items: Item[] = [];
  readonly #stopped = new AbortController();
  #underWay = 0;
  #timer = new AbortController();
  #isRunning = false;
  readonly #tasks = new Set<Promise<void>>();

  constructor(options: WebhookReceiverOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.config.name;
  }

  get queued(): number {
    return this.#items.length;
  }

  start(): void {
    if (this.#isRunning || this.#stopped.signal.aborted) return;
    this.#isRunning = true;
    this.#pump();
  }

  /** What has not been delivered stays owed: the log of notifications says so. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('alerting stopped'));
    this.#timer.abort();
    await Promise.allSettled(this.#tasks);
  }

  /** False for what this receiver does not want to hear. */
  enqueue(notification: Notification): boolean {
    if (notification.status === 'resolved' && !this.#options.config.send_resolved) return false;
    const max = this.#options.maxQueued ?? defaultMaxQueued;
    while (this.#items.length >= max) this.#dropOldest();
    this.#items.push({
      notification,
      attempt: 0,
      dueAt: this.#options.clock.monotonic(),
      backoff: new Backoff({
        initialMs: firstRetryMs,
        maxMs: longestRetryMs,
        random: this.#options.random,
      }),
      isUnderWay: false,
    });
    this.#record(notification, { status: 'queued', attempt: 0, error: '' });
    if (this.#isRunning) this.#pump();
    return true;
  }

  #dropOldest(): void {
    const index = this.#items.findIndex((item) => !item.isUnderWay);
    const [item] = this.#items.splice(Math.max(index, 0), 1);
    if (!item) return;
    const error = `expected at most ${this.#options.maxQueued ?? defaultMaxQueued} waiting notifications`;
    this.#record(item.notification, { status: 'dropped', attempt: item.attempt, error });
  }

  /** Starts what is due, then sleeps until the next is. */
  #pump(): void {
    if (this.#stopped.signal.aborted) return;
    const now = this.#options.clock.monotonic();
    const busy = new Set<string>();
    let nextDue = Number.POSITIVE_INFINITY;
    for (const item of this.#items) {
      const { rule, fingerprint } = item.notification.alert;
      const key = `${rule}/${fingerprint}`;
      const isBehind = busy.has(key);
      busy.add(key);
      if (item.isUnderWay || isBehind) continue;
      if (item.dueAt > now) nextDue = Math.min(nextDue, item.dueAt);
      else if (this.#underWay < concurrency) this.#begin(item);
    }
    this.#timer.abort();
    if (Number.isFinite(nextDue)) this.#wakeIn(nextDue - now);
  }

  #wakeIn(ms: number): void {
    const timer = new AbortController();
    this.#timer = timer;
    this.#options.clock.sleep(ms, timer.signal).then(
      () => this.#pump(),
      () => undefined,
    );
  }

  #begin(item: Item): void {
    item.isUnderWay = true;
    item.attempt++;
    this.#underWay++;
    const task = this.#attempt(item)
      .catch((error: unknown) => {
        if (!this.#stopped.signal.aborted) {
          this.#options.logger.error(
            { err: error, receiver: this.name },
            'A webhook attempt broke.',
          );
          this.#remove(item);
        }
      })
      .finally(() => {
        this.#underWay--;
        item.isUnderWay = false;
        this.#tasks.delete(task);
        this.#pump();
      });
    this.#tasks.add(task);
  }

  async #attempt(item: Item): Promise<void> {
    const { config, clock, fetch } = this.#options;
    const nowMs = clock.now();
    const body = JSON.stringify(payloadOf(item.notification, config.name, nowMs));
    const outcome = await send(
      { url: config.url, secret: config.secret, timeoutMs: config.timeout },
      { id: item.notification.id, body, nowMs },
      { fetch, signal: this.#stopped.signal },
    );
    this.#settle(item, outcome);
  }

  #settle(item: Item, outcome: SendOutcome): void {
    const { config, clock, logger } = this.#options;
    const { notification, attempt } = item;
    if (outcome.kind === 'delivered') {
      this.#remove(item);
      this.#record(notification, { status: 'delivered', attempt, error: '' });
      return;
    }
    const isLast = outcome.kind === 'refused' || attempt >= config.max_attempts;
    const { error } = outcome;
    this.#record(notification, { status: isLast ? 'abandoned' : 'failed', attempt, error });
    if (isLast) {
      this.#remove(item);
      logger.error({ receiver: config.name, attempt, error }, 'Gave up a notification.');
      return;
    }
    const waitMs = item.backoff.next();
    const retryAfterMs = outcome.kind === 'failed' ? (outcome.retryAfterMs ?? 0) : 0;
    item.dueAt = clock.monotonic() + Math.max(waitMs, retryAfterMs);
    logger.warn({ receiver: config.name, attempt, error, waitMs }, 'A notification was not taken.');
  }

  #remove(item: Item): void {
    const index = this.#items.indexOf(item);
    if (index >= 0) this.#items.splice(index, 1);
  }

  #record(
    notification: Notification,
    fields: { status: DeliveryStatus; attempt: number; error: string },
  ): void {
    try {
      this.#options.record({ receiver: this.name, notification, ...fields });
    } catch (error) {
      this.#options.logger.error({ error: messageOf(error) }, 'A delivery was not recorded.');
    }
  }
}
