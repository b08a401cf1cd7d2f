/**
 * The pods of this node, as the API server has them, for as long as it can be asked.
 *
 * A watch without a resource version begins with one ADDED for each pod there is, so that `watch`
 * is the only right it takes; it goes on from the last version that was seen, and from the
 * beginning when the server has forgotten that (410). Source:
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 *
 * The server being away, or refusing, is a condition with its remedy and never a failure: what was
 * known stays, and what is not known is left out of the targets.
 */
import { Backoff, codeOf, messageOf, type Clock, type Logger } from '@plimsoll/runtime';
import { text, whole } from '../json-fields.ts';
import { ClientMissingError, watchApi, type WatchEvent } from './api-client.ts';
import { parseApiPod, type ApiPod } from './api-pod.ts';
import { accountOfToken, readCredentials, type ServiceAccount } from './service-account.ts';

export interface PodWatchOptions {
  account: ServiceAccount;
  clock: Clock;
  logger: Logger;
  /** A pod is new, changed or gone. */
  onChange: (uid: string) => void;
  maxPods?: number;
}

/** The server ends a watch after this, as it would by itself after some minutes. */
const watchSeconds = 540;
const refusedRetryMs = 60_000;
/** No more pods have come for this long: those that there are were told. */
const quietMs = 150;

export class PodWatch {
  readonly #options: PodWatchOptions;
  readonly #maxPods: number;
  readonly #pods = new Map<string, ApiPod>();
  /** Uids that folders and control groups of static pods have, and those the server gave them. */
  readonly #staticPods = new Map<string, string>();
  #seen = new Set<string>();
  #version = '';
  #account = '';
  #condition = '';
  #stopping = new AbortController();
  #running: Promise<void> | null = null;
  readonly #answered = Promise.withResolvers<void>();
  #hasAnswered = false;
  #quiet = new AbortController();

  constructor(options: PodWatchOptions) {
    this.#options = options;
    this.#maxPods = options.maxPods ?? 2000;
  }

  /** Why nothing new is known, with the remedy; empty while the watch stands. */
  get condition(): string {
    return this.#condition;
  }

  start(): void {
    if (this.#running) return;
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#running = null;
  }

  /** By the uid that folders and control groups name. */
  pod(uid: string): ApiPod | undefined {
    return this.#pods.get(uid) ?? this.#pods.get(this.#staticPods.get(uid) ?? '');
  }

  /** Resolves when the pods were told, when they cannot be had, or after `maxMs`. */
  async settled(maxMs: number): Promise<void> {
    const enough = new AbortController();
    const late = this.#options.clock.sleep(maxMs, enough.signal).catch(() => undefined);
    await Promise.race([this.#answered.promise, late]);
    enough.abort();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const backoff = new Backoff({ initialMs: 500, maxMs: 30_000 });
    while (!signal.aborted) {
      let waitMs = 100;
      try {
        await this.#session(signal, backoff);
      } catch (error) {
        if (signal.aborted) return;
        const isRefused = this.#take(error);
        waitMs += isRefused ? refusedRetryMs : backoff.next();
      }
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  async #session(signal: AbortSignal, backoff: Backoff): Promise<void> {
    const { account } = this.#options;
    const failed = new AbortController();
    const credentials = await readCredentials(account);
    this.#account = accountOfToken(credentials.token);
    const isFresh = this.#version === '';
    if (isFresh) this.#seen = new Set();
    try {
      await watchApi(
        {
          server: account.server,
          credentials,
          path: '/api/v1/pods',
          query: {
            fieldSelector: `spec.nodeName=${account.nodeName}`,
            allowWatchBookmarks: true,
            timeoutSeconds: watchSeconds,
            ...(isFresh ? {} : { resourceVersion: this.#version }),
          },
          onOpen: () => {
            backoff.reset();
            this.#enter('');
            void this.#answerSoon();
          },
          onEvent: (event) => {
            const error = this.#takeEvent(event);
            if (error) failed.abort(error);
            void this.#answerSoon();
          },
        },
        AbortSignal.any([signal, failed.signal]),
      );
    } finally {
      this.#answerNow();
    }
    this.#forgetUnseen();
  }

  async #answerSoon(): Promise<void> {
    if (this.#hasAnswered) return;
    this.#quiet.abort();
    this.#quiet = new AbortController();
    const { signal } = this.#quiet;
    await this.#options.clock.sleep(quietMs, signal).catch(() => undefined);
    if (!signal.aborted) this.#answerNow();
  }

  #answerNow(): void {
    this.#hasAnswered = true;
    this.#quiet.abort();
    this.#answered.resolve();
  }

  /** @returns why the watch cannot go on */
  #takeEvent({ type, object }: WatchEvent): Error | null {
    if (type === 'ERROR') {
      // 410: what happened since the last version is forgotten.
      if (whole(object, 'code') === 410) this.#version = '';
      return new Error(text(object, 'message') || 'the server ended the watch with an error');
    }
    const version = text(object, 'metadata', 'resourceVersion');
    if (version !== '') this.#version = version;
    if (type === 'BOOKMARK') {
      this.#forgetUnseen();
      return null;
    }
    const pod = parseApiPod(object);
    if (!pod) return null;
    if (type === 'DELETED') this.#forget(pod.uid);
    else this.#keep(pod);
    return null;
  }

  #keep(pod: ApiPod): void {
    if (!this.#pods.has(pod.uid) && this.#pods.size >= this.#maxPods) return;
    this.#pods.set(pod.uid, pod);
    this.#seen.add(pod.uid);
    if (pod.configHash !== '') this.#staticPods.set(pod.configHash, pod.uid);
    this.#tell(pod);
  }

  #forget(uid: string): void {
    const pod = this.#pods.get(uid);
    if (!pod) return;
    this.#pods.delete(uid);
    this.#seen.delete(uid);
    if (this.#staticPods.get(pod.configHash) === uid) this.#staticPods.delete(pod.configHash);
    this.#tell(pod);
  }

  #tell(pod: ApiPod): void {
    this.#options.onChange(pod.uid);
    if (pod.configHash !== '') this.#options.onChange(pod.configHash);
  }

  /** Pods that went while nobody watched: a watch from the beginning did not name them. */
  #forgetUnseen(): void {
    // This one runs in a pod: an empty answer is none.
    if (this.#seen.size === 0) return;
    for (const uid of this.#pods.keys()) if (!this.#seen.has(uid)) this.#forget(uid);
  }

  /** @returns whether the server refused, so that trying again soon is of no use */
  #take(error: unknown): boolean {
    const status = whole(error, 'statusCode');
    if (status === 410) this.#version = '';
    this.#enter(this.#reasonOf(error, status));
    return status === 401 || status === 403 || error instanceof ClientMissingError;
  }

  #reasonOf(error: unknown, status: number): string {
    const { server } = this.#options.account;
    const account =
      this.#account === '' ? 'this service account' : `service account ${this.#account}`;
    if (status === 403) {
      return `${account} may not watch pods: bind a ClusterRole with the verb watch on the resource pods`;
    }
    if (status === 401) return `${server} did not accept the token of ${account} (401)`;
    if (status > 0) return `${server} answered ${status} ${messageOf(error)}`;
    if (error instanceof ClientMissingError) return error.message;
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const code = codeOf(cause);
    const known = code === null || messageOf(cause).includes(code) ? '' : ` (${code})`;
    return `${server} cannot be asked: ${messageOf(cause)}${known}`;
  }

  #enter(condition: string): void {
    if (condition === this.#condition) return;
    this.#condition = condition;
    const { logger, account } = this.#options;
    if (condition === '') logger.info({ server: account.server }, 'The API server is watched.');
    else logger.warn({ reason: condition }, 'The API server cannot be watched; it is tried again.');
  }
}
