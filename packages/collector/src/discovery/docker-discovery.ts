/**
 * Containers of a Docker daemon: the list, then the event stream, then the list again from time
 * to time in case an event was missed.
 *
 *     absent ◀──── no socket ────┐
 *        │ every few seconds     │
 *        ▼                       │
 *     connecting ──▶ connected ──┴──▶ unreachable ── backoff ──▶ connecting
 *
 * The event stream is opened before the list is taken, and opened again from the last event that
 * was seen; so nothing happens unseen between two sessions for as long as the daemon remembers.
 */
import { hostLabels } from '@plimsoll/model';
import { Backoff, codeOf, messageOf, Semaphore, type Clock, type Logger } from '@plimsoll/runtime';
import { makeEvent } from '../events.ts';
import type { Target } from '../target.ts';
import { at, describeContainer } from './describe-container.ts';
import type { Discovery, DiscoveryChange, DiscoveryStatus } from './discovery.ts';
import { DockerClient, type DaemonDescription } from './docker-client.ts';
import { dockerEventRow, parseDockerEvent, type DockerEvent } from './docker-events.ts';
import { RecentIds } from './recent-ids.ts';
import { TargetRegistry } from './target-registry.ts';

export interface DockerDiscoveryOptions {
  socketPath: string;
  tenant: string;
  host: string;
  resyncIntervalMs: number;
  clock: Clock;
  logger: Logger;
  /** Bookmark of an earlier run; empty: from now on. */
  since?: string;
  /** How often a socket that is not there is looked for. */
  absentRetryMs?: number;
  maxTargets?: number;
}

/** Inspections under way at once. */
const maxInspections = 8;

export class DockerDiscovery implements Discovery {
  readonly #options: DockerDiscoveryOptions;
  readonly #client: DockerClient;
  readonly #registry: TargetRegistry;
  readonly #seenEvents = new RecentIds(4096);
  readonly #inspections = new Semaphore(maxInspections);
  /** Containers to be inspected; `true` when something happened since the inspection began. */
  readonly #inspecting = new Map<string, { again: boolean; done: Promise<void> }>();
  #onChange: (change: DiscoveryChange) => void = () => undefined;
  #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #status: DiscoveryStatus = { state: 'absent', version: '', root: '', reason: 'not started' };
  #daemon: DaemonDescription = { version: '', cgroupDriver: '', root: '' };
  #since: string;

  constructor(options: DockerDiscoveryOptions) {
    this.#options = options;
    this.#client = new DockerClient(options.socketPath);
    this.#since = options.since ?? '';
    this.#registry = new TargetRegistry({
      nowMs: () => options.clock.monotonic(),
      onChange: (change) => {
        this.#onChange(change);
      },
      ...(options.maxTargets === undefined ? {} : { maxTargets: options.maxTargets }),
    });
  }

  start(onChange: (change: DiscoveryChange) => void): void {
    if (this.#running) return;
    this.#onChange = onChange;
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#running = null;
  }

  targets(): readonly Target[] {
    return this.#registry.targets();
  }

  find(containerId: string): Target | undefined {
    return this.#registry.find(containerId);
  }

  status(): DiscoveryStatus {
    return this.#status;
  }

  bookmark(): string {
    return this.#since;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, absentRetryMs = 3000 } = this.#options;
    const backoff = new Backoff({ initialMs: 500, maxMs: 10_000 });
    while (!signal.aborted) {
      try {
        await this.#session(signal, backoff);
      } catch (error) {
        if (signal.aborted) return;
        this.#leave(error);
      }
      // Never at once, whatever the backoff draws: a daemon that closes every connection.
      const waitMs = this.#status.state === 'absent' ? absentRetryMs : 100 + backoff.next();
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  /** From connecting to the loss of the connection, which is always an error. */
  async #session(signal: AbortSignal, backoff: Backoff): Promise<never> {
    const ended = new AbortController();
    const session = AbortSignal.any([signal, ended.signal]);
    try {
      this.#daemon = await this.#client.describe(session);
      if (this.#since === '') this.#since = (this.#options.clock.now() / 1000).toFixed(9);
      const events = await this.#client.events(this.#since, session);
      await this.#resync(session);
      backoff.reset();
      const { version, root } = this.#daemon;
      this.#enter({ state: 'connected', version, root, reason: '' });
      this.#onChange({ kind: 'synced' });
      return await Promise.race([this.#follow(events, session), this.#resyncOften(session)]);
    } finally {
      ended.abort();
    }
  }

  async #follow(events: AsyncIterable<unknown>, signal: AbortSignal): Promise<never> {
    for await (const event of events) this.#takeEvent(event, signal);
    throw new Error('the event stream ended');
  }

  async #resyncOften(signal: AbortSignal): Promise<never> {
    for (;;) {
      await this.#options.clock.sleep(this.#options.resyncIntervalMs, signal);
      await this.#resync(signal);
    }
  }

  async #resync(signal: AbortSignal): Promise<void> {
    const listed = await this.#client.list(signal);
    this.#registry.retain(new Set(listed.map(({ id }) => id)));
    const changed = listed.filter(({ id, state }) => this.#registry.get(id)?.state !== state);
    await Promise.all(changed.map(({ id }) => this.#inspect(id, signal)));
  }

  #takeEvent(value: unknown, signal: AbortSignal): void {
    const event = parseDockerEvent(value);
    if (!event) return;
    this.#since = event.time;
    const { tenant, host } = this.#options;
    const labels = this.#registry.find(event.containerId)?.labels;
    const row = dockerEventRow(event, { tenant, host, labels });
    if (row && this.#seenEvents.add(row.event_id)) this.#onChange({ kind: 'event', event: row });
    if (event.action === 'destroy') {
      this.#registry.remove(event.containerId);
      return;
    }
    this.#expect(event);
    // A failure shows when the session ends, or is mended by the next list.
    this.#inspect(event.containerId, signal).catch(() => undefined);
  }

  /** The daemon may take a second to describe a container that is being started. */
  #expect(event: DockerEvent): void {
    const { root } = this.#daemon;
    const isNew = event.action === 'create' || event.action === 'start';
    const known = this.#registry.get(event.containerId);
    if (!isNew || root === '' || (known && known.logPath !== '')) return;
    const { name, image, ...labels } = event.attributes;
    const target = this.#describe({
      Id: event.containerId,
      Name: name,
      Config: { Image: image, Labels: labels },
      State: { Status: 'created' },
      LogPath: `${root}/containers/${event.containerId}/${event.containerId}-json.log`,
    });
    if (target) this.#onChange({ kind: 'expected', target });
  }

  /** Inspects once, however often it is asked for meanwhile, and once more if it was. */
  #inspect(id: string, signal: AbortSignal): Promise<void> {
    const underWay = this.#inspecting.get(id);
    if (underWay) {
      underWay.again = true;
      return underWay.done;
    }
    const inspection = { again: true, done: Promise.resolve() };
    this.#inspecting.set(id, inspection);
    inspection.done = this.#inspectUntilCurrent(id, inspection, signal).finally(() => {
      this.#inspecting.delete(id);
    });
    return inspection.done;
  }

  async #inspectUntilCurrent(
    id: string,
    inspection: { again: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const release = await this.#inspections.acquire(1, signal);
    try {
      while (inspection.again) {
        inspection.again = false;
        this.#take(id, await this.#client.inspect(id, signal));
      }
    } catch (error) {
      // The daemon answers, but not for this container: the others must not suffer.
      if (typeof at(error, 'statusCode') !== 'number') throw error;
      const reason = messageOf(error);
      this.#options.logger.warn({ container: id, reason }, 'A container could not be inspected.');
    } finally {
      release();
    }
  }

  #take(id: string, description: unknown): void {
    if (description === null) {
      this.#registry.remove(id);
      return;
    }
    const target = this.#describe(description);
    if (target) this.#registry.update(target);
    else this.#options.logger.warn({ container: id }, 'A container had no readable description.');
  }

  #describe(description: unknown): Target | null {
    const { tenant, host } = this.#options;
    const { cgroupDriver } = this.#daemon;
    return describeContainer(description, { tenant, host, cgroupDriver });
  }

  #leave(error: unknown): void {
    const code = codeOf(error);
    const { socketPath } = this.#options;
    const { version, root } = this.#status;
    if (code === 'ENOENT') {
      const reason = `there is no Docker socket at ${socketPath}`;
      this.#enter({ state: 'absent', version, root, reason });
      return;
    }
    const reason =
      code === 'EACCES'
        ? `${socketPath} may not be opened: add this user to the socket's group`
        : messageOf(error);
    this.#enter({ state: 'unreachable', version, root, reason });
  }

  #enter(status: DiscoveryStatus): void {
    const before = this.#status;
    this.#status = status;
    const isSame = before.state === status.state && before.reason === status.reason;
    if (isSame) return;
    const { logger, socketPath } = this.#options;
    const wasConnected = before.state === 'connected';
    logger.info({ socket: socketPath, ...status }, messages[status.state]);
    this.#onChange({ kind: 'status', status });
    if (status.state === 'connected') this.#tell('docker_connected', status);
    else if (wasConnected) this.#tell('docker_disconnected', status);
  }

  #tell(kind: 'docker_connected' | 'docker_disconnected', status: DiscoveryStatus): void {
    const { tenant, host, clock } = this.#options;
    const timeMs = clock.now();
    const event = makeEvent({
      labels: hostLabels(tenant, host),
      timeMs,
      kind,
      severity: kind === 'docker_connected' ? 'info' : 'warning',
      message:
        kind === 'docker_connected'
          ? `The Docker daemon ${status.version} was connected.`
          : `The connection to the Docker daemon was lost: ${status.reason}.`,
      attributes: { source: 'collector', docker_version: status.version },
      occurrence: String(timeMs),
    });
    this.#onChange({ kind: 'event', event });
  }
}

const messages = {
  connected: 'The Docker daemon was connected.',
  absent: 'No Docker daemon was found; the host and plain log files are watched without it.',
  unreachable: 'The Docker daemon did not answer; it is tried again.',
};
