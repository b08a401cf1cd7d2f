import type { QueryContext } from '../query-context.ts';
import { QueryError } from '../http/api-error.ts';
import { filterKey, type LogFilter } from './log-filter.ts';
import { TailClient, type TailSink } from './tail-client.ts';
import { TailPoller } from './tail-poller.ts';

const heartbeatMs = 5000;

/** All live tails of this process: one poller per distinct filter, as long as somebody reads it. */
export class TailHub {
  readonly #context: QueryContext;
  readonly #pollers = new Map<string, TailPoller>();
  #clients = 0;
  #stopped = false;

  constructor(context: QueryContext) {
    this.#context = context;
  }

  get clients(): number {
    return this.#clients;
  }

  get pollers(): number {
    return this.#pollers.size;
  }

  /** @throws {QueryError} `too_many_requests` when there is no place for another reader. */
  checkRoom(): void {
    const limit = this.#context.config.query.tail.max_clients;
    if (this.#clients < limit && !this.#stopped) return;
    throw new QueryError(
      'too_many_requests',
      `all ${limit} live tails are in use (query.tail.max_clients); close one or try again`,
      { retryAfterSeconds: 5 },
    );
  }

  /** Follows the filter until the signal fires. */
  follow(filter: LogFilter, sink: TailSink, signal: AbortSignal): void {
    this.checkRoom();
    const key = filterKey(filter);
    let poller = this.#pollers.get(key);
    if (!poller) {
      poller = new TailPoller(this.#context, filter);
      this.#pollers.set(key, poller);
      poller.start();
    }
    const client = new TailClient(sink);
    const followed = poller;
    followed.clients.add(client);
    this.#clients++;
    this.#context.metrics.tailClients(this.#clients);
    client.heartbeat(this.#context.now());
    const timer = setInterval(() => client.heartbeat(this.#context.now()), heartbeatMs);
    const leave = (): void => {
      clearInterval(timer);
      if (!followed.clients.delete(client)) return;
      client.end();
      this.#clients--;
      this.#context.metrics.tailClients(this.#clients);
      if (followed.clients.size > 0) return;
      if (this.#pollers.get(key) === followed) this.#pollers.delete(key);
      void followed.stop();
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  }

  /** Ends every tail; their clients see the end of the stream. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const pollers = [...this.#pollers.values()];
    for (const poller of pollers) for (const client of poller.clients) client.end();
    await Promise.all(pollers.map((poller) => poller.stop()));
  }
}
