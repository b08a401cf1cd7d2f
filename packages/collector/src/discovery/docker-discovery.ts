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
import { join } from 'node:path';
import { hostLabels, type EventRow } from '@plimsoll/model';
import { Backoff, codeOf, messageOf, type Clock, type Logger } from '@plimsoll/runtime';
import { makeEvent } from '../events.ts';
import type { Target } from '../target.ts';
import { everyContainer, type ContainerFilter } from './container-filter.ts';
import { describeContainer } from './describe-container.ts';
import type { Discovery, DiscoveryChange, DiscoveryStatus } from './discovery.ts';
import { DockerClient, type DaemonDescription } from './docker-client.ts';
import { parseDockerEvent, type DockerEvent } from './docker-event.ts';
import { DockerEventTeller } from './docker-event-teller.ts';
import { EventBookmark } from './event-bookmark.ts';
import { ImageDigests } from './image-digests.ts';
import { Inspections } from './inspections.ts';
import { pullFolders, PullWatch } from './pull-watch.ts';
import { RecentIds } from './recent-ids.ts';
import { ResyncPlan } from './resync-plan.ts';
import { TargetRegistry } from './target-registry.ts';
import { TenantChooser } from './tenant-chooser.ts';

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
  /** Which containers are watched; default: each. */
  filter?: ContainerFilter;
  /** Tenants that a container's label may choose beside the host's. */
  labelTenants?: readonly string[];
  /** Whether logs may be asked of the daemon; default: true. */
  hasLogApi?: boolean;
  /** Put before paths that the daemon names; default `/`. */
  hostRoot?: string;
}

/** Inspections under way at once. */
const maxInspections = 8;

export class DockerDiscovery implements Discovery {
  readonly #options: DockerDiscoveryOptions;
  readonly #filter: ContainerFilter;
  readonly #client: DockerClient;
  readonly #registry: TargetRegistry;
  readonly #plan: ResyncPlan;
  readonly #tenants: TenantChooser;
  readonly #images: ImageDigests;
  readonly #pulls: PullWatch;
  readonly #teller: DockerEventTeller;
  readonly #inspections: Inspections;
  readonly #bookmark: EventBookmark;
  readonly #seenEvents = new RecentIds(4096);
  /** Pulls whose image is being asked for. */
  readonly #tellingPulls = new Set<Promise<void>>();
  #onChange: (change: DiscoveryChange) => void = () => undefined;
  #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #status: DiscoveryStatus = { state: 'absent', version: '', root: '', reason: 'not started' };
  #daemon: DaemonDescription = {
    version: '',
    cgroupDriver: '',
    securityOptions: null,
    root: '',
    loggingDriver: '',
    keepsImagesInContainerd: false,
  };
  /** Where the stream is opened again within this run; the bookmark is for the next one. */
  #since: string;
  #lastEventMs = 0;

  constructor(options: DockerDiscoveryOptions) {
    const { tenant, host, clock, logger, filter = everyContainer, labelTenants = [] } = options;
    this.#options = options;
    this.#filter = filter;
    this.#client = new DockerClient(options.socketPath);
    this.#since = options.since ?? '';
    this.#bookmark = new EventBookmark(this.#since);
    this.#registry = new TargetRegistry({
      nowMs: () => clock.monotonic(),
      onChange: (change) => {
        this.#onChange(change);
      },
      accepts: filter,
      maxTargets: options.maxTargets,
    });
    this.#plan = new ResyncPlan(this.#registry);
    this.#tenants = new TenantChooser({ tenant, labelTenants, logger });
    this.#images = new ImageDigests({
      inspect: async (image, signal) => this.#client.inspectImage(image, signal),
      clock,
      logger,
    });
    this.#pulls = new PullWatch({ clock });
    this.#teller = new DockerEventTeller({
      tenant,
      host,
      tenants: this.#tenants,
      filter,
      find: (containerId) => this.#registry.find(containerId),
      isExcluded: (containerId) => this.#registry.isExcluded(containerId),
      images: this.#images,
      pulls: this.#pulls,
    });
    this.#inspections = new Inspections({
      look: async (containerId, signal) => {
        await this.#look(containerId, signal);
      },
      logger,
      maxAtOnce: maxInspections,
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
    return {
      ...this.#status,
      ...this.#registry.counts(),
      ...(this.#pulls.problem !== '' && { problems: [this.#pulls.problem] }),
    };
  }

  lastEventMs(): number {
    return this.#lastEventMs;
  }

  bookmark(): string {
    return this.#bookmark.value;
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
      await this.#describeDaemon(session);
      if (this.#since === '') {
        this.#since = (this.#options.clock.now() / 1000).toFixed(9);
        this.#bookmark.begin(this.#since);
      }
      const events = await this.#client.events(this.#since, session);
      await this.#resync(session);
      backoff.reset();
      const { version, root } = this.#daemon;
      this.#enter({ state: 'connected', version, root, reason: '' });
      this.#onChange({ kind: 'synced' });
      return await Promise.race([this.#follow(events, session), this.#resyncOften(session)]);
    } finally {
      ended.abort();
      this.#pulls.stop();
      await Promise.allSettled(this.#tellingPulls);
    }
  }

  async #describeDaemon(signal: AbortSignal): Promise<void> {
    this.#daemon = await this.#client.describe(signal);
    const { root, keepsImagesInContainerd } = this.#daemon;
    if (root === '') return;
    const rootHere = join(this.#options.hostRoot ?? '/', root);
    this.#pulls.start(pullFolders(rootHere, keepsImagesInContainerd));
  }

  async #follow(events: AsyncIterable<unknown>, signal: AbortSignal): Promise<never> {
    for await (const event of events) this.#takeEvent(event, signal);
    throw new Error('the event stream ended');
  }

  async #resyncOften(signal: AbortSignal): Promise<never> {
    for (;;) {
      await this.#options.clock.sleep(this.#options.resyncIntervalMs, signal);
      // With containerd stuck, the daemon could not describe itself when it was connected.
      if (this.#daemon.root === '') await this.#describeDaemon(signal);
      await this.#resync(signal);
    }
  }

  async #resync(signal: AbortSignal): Promise<void> {
    const listed = await this.#client.list(signal);
    this.#registry.retain(new Set(listed.map(({ id }) => id)));
    const due = this.#plan.due(listed);
    await Promise.all(due.map((id) => this.#inspections.inspect(id, signal)));
  }

  #takeEvent(value: unknown, signal: AbortSignal): void {
    const event = parseDockerEvent(value);
    if (!event) return;
    this.#lastEventMs = Math.max(this.#lastEventMs, event.timeMs);
    this.#since = event.time;
    this.#bookmark.pass(event.time);
    if (event.type === 'image') {
      this.#takePull(event, signal);
      return;
    }
    this.#tellRow(this.#teller.tell(event), event.time);
    if (event.type === 'network') return;
    if (event.action === 'destroy') {
      this.#registry.remove(event.containerId);
      return;
    }
    this.#expect(event);
    // A failure shows when the session ends, or is mended by the next list.
    this.#inspections.inspect(event.containerId, signal).catch(() => undefined);
  }

  /** The daemon is asked for the image first; until then the event counts as not told. */
  #takePull(event: DockerEvent, signal: AbortSignal): void {
    const onTold = this.#bookmark.tell(event.time);
    const telling = this.#tellPull(event, signal).finally(() => {
      onTold();
      this.#tellingPulls.delete(telling);
    });
    this.#tellingPulls.add(telling);
  }

  async #tellPull(event: DockerEvent, signal: AbortSignal): Promise<void> {
    this.#tellRow(await this.#teller.tellPull(event, signal), event.time);
  }

  #tellRow(row: EventRow | null, time: string): void {
    if (!row || !this.#seenEvents.add(row.event_id)) return;
    this.#onChange({ kind: 'event', event: row, onDurable: this.#bookmark.tell(time) });
  }

  /**
   * The daemon may take a second to describe a container that is being started. Only where files are
   * its default: what the daemon keeps otherwise is not lost meanwhile.
   */
  #expect(event: DockerEvent): void {
    const { root, loggingDriver } = this.#daemon;
    const isNew = event.action === 'create' || event.action === 'start';
    const hasFiles = root !== '' && (loggingDriver === '' || loggingDriver === 'json-file');
    const known = this.#registry.get(event.containerId);
    if (!isNew || !hasFiles || (known && (known.logPath !== '' || known.logDriver !== ''))) return;
    const { name, image, ...labels } = event.attributes;
    const target = this.#describe({
      Id: event.containerId,
      Name: name,
      Config: { Image: image, Labels: labels },
      State: { Status: 'created' },
      LogPath: `${root}/containers/${event.containerId}/${event.containerId}-json.log`,
    });
    if (target && this.#filter(target) && !this.#registry.refuses(target.dockerId)) {
      this.#onChange({ kind: 'expected', target });
    }
  }

  async #look(id: string, signal: AbortSignal): Promise<void> {
    const description = await this.#client.inspect(id, signal);
    if (description === null) {
      this.#registry.remove(id);
      return;
    }
    const target = this.#describe(description);
    if (!target) {
      this.#options.logger.warn({ container: id }, 'A container had no readable description.');
      return;
    }
    const { imageId, labels } = target;
    const imageDigest =
      target.imageDigest || (await this.#images.digestOf({ imageId, image: labels.image }, signal));
    this.#registry.update({ ...target, imageDigest });
  }

  #describe(description: unknown): Target | null {
    const { host, hasLogApi = true } = this.#options;
    return describeContainer(description, {
      host,
      tenantOf: (containerId, labels) => this.#tenants.tenantOf(containerId, labels),
      daemon: this.#daemon,
      hasLogApi,
    });
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
