/**
 * Containers from the files that the Docker daemon keeps of them, for hosts whose socket is not
 * mounted and for simulated fleets.
 *
 * The folder is looked at every interval; a description is read when it changed. Events are made from
 * what changed between two looks, with the times that the files state.
 */
import { readdir } from 'node:fs/promises';
import { codeOf, messageOf, type Clock, type Logger } from '@plimsoll/runtime';
import type { Target } from '../target.ts';
import { changeEvents } from './change-events.ts';
import type { ContainerFilter } from './container-filter.ts';
import { describeContainer } from './describe-container.ts';
import type { Discovery, DiscoveryChange, DiscoveryStatus } from './discovery.ts';
import { DaemonFolder } from './daemon-folder.ts';
import { chooseDigest } from './image-digests.ts';
import { text } from './json-fields.ts';
import { TargetRegistry } from './target-registry.ts';
import { TenantChooser } from './tenant-chooser.ts';

export interface DirectoryDiscoveryOptions {
  /** Docker's data folder: `/var/lib/docker` where it is mounted here. */
  root: string;
  tenant: string;
  host: string;
  clock: Clock;
  logger: Logger;
  intervalMs?: number;
  /** Which containers are watched; default: each. */
  filter?: ContainerFilter;
  /** Tenants that a container's label may choose beside the host's. */
  labelTenants?: readonly string[];
}

export class DirectoryDiscovery implements Discovery {
  readonly #options: DirectoryDiscoveryOptions;
  readonly #folder: DaemonFolder;
  readonly #registry: TargetRegistry;
  readonly #tenants: TenantChooser;
  /** Change time of the files as they were read last. */
  readonly #versions = new Map<string, string>();
  #onChange: (change: DiscoveryChange) => void = () => undefined;
  #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #isSynced = false;
  #status: DiscoveryStatus;

  constructor(options: DirectoryDiscoveryOptions) {
    const { tenant, labelTenants = [], logger } = options;
    this.#options = options;
    this.#folder = new DaemonFolder(options.root);
    this.#tenants = new TenantChooser({ tenant, labelTenants, logger });
    this.#status = { state: 'absent', version: '', root: options.root, reason: 'not started' };
    this.#registry = new TargetRegistry({
      nowMs: () => options.clock.monotonic(),
      onChange: (change) => {
        this.#tell(change);
      },
      accepts: options.filter,
    });
  }

  /** Resolves after the first look. */
  async start(onChange: (change: DiscoveryChange) => void): Promise<void> {
    if (this.#running) return;
    this.#onChange = onChange;
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    await this.#look();
    this.#running = this.#run(signal);
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
    return { ...this.#status, ...this.#registry.counts() };
  }

  bookmark(): string {
    return '';
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs = 1000 } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(intervalMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.#look();
    }
  }

  async #look(): Promise<void> {
    let ids: string[];
    try {
      ids = await readdir(this.#folder.containers);
    } catch (error) {
      this.#enter(codeOf(error) === 'ENOENT' ? 'absent' : 'unreachable', messageOf(error));
      return;
    }
    this.#registry.retain(new Set(ids));
    for (const id of ids) await this.#read(id);
    for (const id of this.#versions.keys()) {
      if (!this.#registry.get(id) && !this.#registry.isExcluded(id)) this.#versions.delete(id);
    }
    this.#enter('connected', '');
    if (!this.#isSynced) this.#onChange({ kind: 'synced' });
    this.#isSynced = true;
  }

  async #read(id: string): Promise<void> {
    try {
      const version = await this.#folder.version(id);
      if (this.#versions.get(id) === version) return;
      const description = await this.#folder.describe(id);
      const target = this.#describe(description);
      if (!target) throw new Error('expected the id of a container');
      const digests = await this.#folder.repoDigests(target.imageId, text(description, 'Driver'));
      const imageDigest =
        target.imageDigest || chooseDigest({ repoDigests: digests }, target.labels.image);
      this.#registry.update({ ...target, imageDigest });
      this.#versions.set(id, version);
    } catch (error) {
      // A container that is made or removed at this moment: the next look sees it whole.
      if (codeOf(error) === 'ENOENT') return;
      const reason = messageOf(error);
      this.#options.logger.debug({ container: id, reason }, 'A description was not read.');
    }
  }

  #describe(description: unknown): Target | null {
    return describeContainer(description, {
      host: this.#options.host,
      tenantOf: (containerId, labels) => this.#tenants.tenantOf(containerId, labels),
      daemon: { version: '', cgroupDriver: '', securityOptions: null },
      // There is no daemon to be asked.
      hasLogApi: false,
    });
  }

  #tell(change: DiscoveryChange): void {
    this.#onChange(change);
    if (change.kind !== 'target' || (!change.previous && !this.#isSynced)) return;
    const nowMs = this.#options.clock.now();
    for (const event of changeEvents(change.previous, change.target, nowMs)) {
      this.#onChange({ kind: 'event', event });
    }
  }

  #enter(state: DiscoveryStatus['state'], reason: string): void {
    const isSame = this.#status.state === state && this.#status.reason === reason;
    if (isSame) return;
    this.#status = { ...this.#status, state, reason };
    this.#onChange({ kind: 'status', status: this.#status });
  }
}
