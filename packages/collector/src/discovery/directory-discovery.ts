/**
 * Containers from the files that the Docker daemon keeps of them, for hosts whose socket is not
 * mounted and for simulated fleets:
 *
 *     <root>/containers/<id>/config.v2.json     description and state
 *     <root>/containers/<id>/hostconfig.json    limits, policies
 *     <root>/containers/<id>/<id>-json.log      log
 *
 * The folder is looked at every interval; a file is read when it changed. Events are made from
 * what changed between two looks, with the times that the files state.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf, type Clock, type Logger } from '@plimsoll/runtime';
import type { Target } from '../target.ts';
import { changeEvents } from './change-events.ts';
import { at, describeContainer, text } from './describe-container.ts';
import type { Discovery, DiscoveryChange, DiscoveryStatus } from './discovery.ts';
import { TargetRegistry } from './target-registry.ts';

export interface DirectoryDiscoveryOptions {
  /** Docker's data folder: `/var/lib/docker` where it is mounted here. */
  root: string;
  tenant: string;
  host: string;
  clock: Clock;
  logger: Logger;
  intervalMs?: number;
}

export class DirectoryDiscovery implements Discovery {
  readonly #options: DirectoryDiscoveryOptions;
  readonly #registry: TargetRegistry;
  /** Change time of the files as they were read last. */
  readonly #versions = new Map<string, string>();
  #onChange: (change: DiscoveryChange) => void = () => undefined;
  #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #isSynced = false;
  #status: DiscoveryStatus;

  constructor(options: DirectoryDiscoveryOptions) {
    this.#options = options;
    this.#status = { state: 'absent', version: '', root: options.root, reason: 'not started' };
    this.#registry = new TargetRegistry({
      nowMs: () => options.clock.monotonic(),
      onChange: (change) => {
        this.#tell(change);
      },
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
    return this.#status;
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
      ids = await readdir(join(this.#options.root, 'containers'));
    } catch (error) {
      this.#enter(codeOf(error) === 'ENOENT' ? 'absent' : 'unreachable', messageOf(error));
      return;
    }
    this.#registry.retain(new Set(ids));
    for (const id of ids) await this.#read(id);
    for (const id of this.#versions.keys()) {
      if (!this.#registry.get(id)) this.#versions.delete(id);
    }
    this.#enter('connected', '');
    if (!this.#isSynced) this.#onChange({ kind: 'synced' });
    this.#isSynced = true;
  }

  async #read(id: string): Promise<void> {
    const folder = join(this.#options.root, 'containers', id);
    try {
      const configPath = join(folder, 'config.v2.json');
      const hostConfigPath = join(folder, 'hostconfig.json');
      const versions = await Promise.all([versionOf(configPath), versionOf(hostConfigPath)]);
      const version = versions.join(' ');
      if (this.#versions.get(id) === version) return;
      const config: unknown = JSON.parse(await readFile(configPath, 'utf8'));
      const hostConfig: unknown = JSON.parse(await readFile(hostConfigPath, 'utf8'));
      const target = this.#describe(folder, config, hostConfig);
      if (target?.dockerId !== id) throw new Error('expected the description of this container');
      this.#registry.update(target);
      this.#versions.set(id, version);
    } catch (error) {
      // A container that is made or removed at this moment: the next look sees it whole.
      if (codeOf(error) === 'ENOENT') return;
      this.#options.logger.debug(
        { folder, error: messageOf(error) },
        'A description was not read.',
      );
    }
  }

  #describe(folder: string, config: unknown, hostConfig: unknown): Target | null {
    const { tenant, host } = this.#options;
    if (typeof config !== 'object' || config === null) return null;
    const id = text(config, 'ID');
    const target = describeContainer(
      { ...config, HostConfig: hostConfig, RestartCount: at(config, 'RestartCount') },
      { tenant, host, cgroupDriver: '' },
    );
    if (!target || target.logPath !== '') return target;
    return { ...target, logPath: join(folder, `${id}-json.log`) };
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

async function versionOf(path: string): Promise<string> {
  const { mtimeNs, ino, size } = await stat(path, { bigint: true });
  return `${mtimeNs} ${ino} ${size}`;
}
