/**
 * What containers leave behind: looked for every few minutes, in slices, told once it is older
 * than the grace time. Reads the kernel's tables, never a container's files, and asks the Docker
 * daemon where there is one.
 */
import { join } from 'node:path';
import type { HostStatsValue } from '@plimsoll/model';
import { messageOf } from '@plimsoll/runtime';
import { type Mount, parseMountinfo } from '../../stats/cgroup/mountinfo.ts';
import { readKernelText } from '../kernel-text.ts';
import type { Signal, SignalContext } from '../signal.ts';
import { devicesInUse, findContainerMounts, mountedNetworks } from './container-mounts.ts';
import { askLeftovers } from './docker-leftovers.ts';
import type { Leftover, LeftoverType } from './leftover.ts';
import { orphanEvents } from './orphan-events.ts';
import { OrphanTracker } from './orphan-tracker.ts';
import { type Namespaces, nextTurn, readNamespaces } from './process-namespaces.ts';
import {
  findOrphanVeths,
  type InsideIndexes,
  listVeths,
  parseDeviceNames,
  readIndexes,
  readPeers,
} from './veths.ts';

export interface OrphanSignalOptions {
  readonly roots: { readonly proc: string; readonly sys: string };
  /** Undefined where no daemon is to be asked. */
  readonly socketPath: string | undefined;
  readonly intervalMs: number;
  /** How long something must be left over before it is told. */
  readonly graceMs: number;
  /** Processes in whose mount namespace a runtime makes its mounts, beside the first of the host. */
  readonly runtimePids?: () => readonly number[];
  /** Of one type. */
  readonly maxEventsPerHour?: number;
}

type Values = Partial<Record<HostStatsValue, number>>;

const defaultMaxEventsPerHour = 10;
const askDeadlineMs = 10_000;
const sliceNamespaces = 20;
/** With more processes than this that hide their namespaces, nothing can be said. */
const maxHidden = 1000;
/** Of the table of mounts; one of a container takes some 300 bytes. */
const maxMountinfoBytes = 32 * 1024 * 1024;

export class OrphanSignal implements Signal {
  readonly #context: SignalContext;
  readonly #options: OrphanSignalOptions;
  readonly #tracker: OrphanTracker;
  #values: Values = {};
  #problem = '';
  #lastCpuMs = 0;
  #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(context: SignalContext, options: OrphanSignalOptions) {
    this.#context = context;
    this.#options = options;
    const maxPerHour = options.maxEventsPerHour ?? defaultMaxEventsPerHour;
    this.#tracker = new OrphanTracker({ graceMs: options.graceMs, maxPerHour });
  }

  /** Why part of it is not collected; empty when all is. */
  get problem(): string {
    return this.#problem;
  }

  /** Processor time that this process used during the last look. */
  get lastCpuMs(): number {
    return this.#lastCpuMs;
  }

  start(): void {
    if (this.#loop) return;
    this.#stopping = new AbortController();
    this.#loop = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    this.#loop = undefined;
  }

  hostValues(): Readonly<Values> {
    return this.#values;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    while (!signal.aborted) {
      const before = process.cpuUsage();
      await this.#look(signal).catch((error: unknown) => {
        if (!signal.aborted) this.#setProblem([messageOf(error)]);
      });
      const { user, system } = process.cpuUsage(before);
      this.#lastCpuMs = (user + system) / 1000;
      await clock.sleep(this.#options.intervalMs, signal).catch(() => undefined);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const sighting = new Map<LeftoverType, readonly Leftover[]>();
    const values: Values = {};
    const problems: string[] = [];
    const look = { sighting, values, problems, signal };
    await this.#lookAtHost(look);
    await this.#askDocker(look);
    if (signal.aborted) return;
    this.#setProblem(problems);
    const { clock, onEvent } = this.#context;
    const change = this.#tracker.take(sighting, {
      nowMs: clock.now(),
      monotonicMs: clock.monotonic(),
    });
    if (sighting.has('veth')) values.veth_orphans = this.#tracker.count('veth');
    if (sighting.has('mount')) {
      const mounts = this.#tracker.count('mount');
      values.mount_orphans = mounts + this.#tracker.count('network_namespace');
    }
    this.#values = values;
    for (const event of orphanEvents(change, this.#context)) onEvent(event);
  }

  async #lookAtHost(look: Look): Promise<void> {
    const { proc } = this.#options.roots;
    const namespaces = await readNamespaces(proc, look.signal);
    if (namespaces.hidden.length > maxHidden || namespaces.hostNetwork === '') {
      look.problems.push(
        `${proc}/<pid>/ns: expected to read the namespaces of processes, may not of ` +
          `${namespaces.hidden.length}; run as root with CAP_SYS_PTRACE and the host's pid namespace`,
      );
      return;
    }
    await this.#lookAtMounts(namespaces, look);
    await this.#lookAtVeths(namespaces, look);
  }

  async #lookAtMounts(
    { network, mount, hidden, hostNetwork }: Namespaces,
    { sighting, values, signal }: Look,
  ): Promise<void> {
    const mounts = this.#hostMounts();
    const found = findContainerMounts(mounts);
    const devices = new Set<string>();
    for (const [index, pid] of [...mount.values(), ...hidden].entries()) {
      if (index % sliceNamespaces === sliceNamespaces - 1) await nextTurn();
      signal.throwIfAborted();
      const text = readKernelText(join(this.#options.roots.proc, String(pid), 'mountinfo'));
      for (const device of devicesInUse(text)) devices.add(device);
    }
    const roots = found.filter(({ type }) => type !== 'network_namespace');
    const left = roots.filter(({ identity }) => !devices.has(identity));
    sighting.set(
      'mount',
      left.map(({ mountpoint, identity, containerId, type }) => ({
        type: 'mount',
        key: `${mountpoint} ${identity}`,
        name: mountpoint,
        containerId,
        attributes: { mount: type },
      })),
    );
    values.container_mounts = found.length;
    const networksSeen = new Set([...network.keys(), ...mountedNetworks(mounts)]);
    networksSeen.delete(hostNetwork);
    values.network_namespaces = networksSeen.size;
    // A process that hides may be the one that is in it.
    if (hidden.length > 0) return;
    const networks = found.filter(({ type }) => type === 'network_namespace');
    sighting.set(
      'network_namespace',
      networks
        .filter(({ identity }) => !network.has(identity))
        .map(({ mountpoint, identity }) => ({
          type: 'network_namespace',
          key: `${mountpoint} ${identity}`,
          name: mountpoint,
          containerId: '',
          attributes: { inode: identity },
        })),
    );
  }

  async #lookAtVeths(
    { network, hidden }: Namespaces,
    { sighting, values, problems, signal }: Look,
  ): Promise<void> {
    const { roots } = this.#options;
    const veths = listVeths(roots.sys);
    if (!veths || !this.#isHostSys(veths.map(({ name }) => name))) {
      problems.push(
        `${roots.sys}/class/net: expected the interfaces of the host, got those of another network ` +
          'namespace or none; run on the host network or mount the host’s /sys',
      );
      return;
    }
    values.veth_interfaces = veths.length;
    const inside: InsideIndexes[] = [];
    for (const [index, pid] of [...network.values(), ...hidden].entries()) {
      if (index % sliceNamespaces === sliceNamespaces - 1) await nextTurn();
      signal.throwIfAborted();
      inside.push({ pid, indexes: readIndexes(roots.proc, pid) });
    }
    const orphans = findOrphanVeths(veths, inside, (pid) => readPeers(roots, pid));
    sighting.set(
      'veth',
      orphans.map(({ name, index, peer }) => ({
        type: 'veth',
        key: `${name} ${index}`,
        name,
        containerId: '',
        attributes: { ifindex: String(index), peer_ifindex: String(peer) },
      })),
    );
  }

  /** sysfs shows the network namespace that it was mounted in, which may be a container's own. */
  #isHostSys(names: readonly string[]): boolean {
    const { proc } = this.#options.roots;
    const text =
      readKernelText(join(proc, '1/net/dev')) || readKernelText(join(proc, 'self/net/dev'));
    const known = new Set(parseDeviceNames(text).filter((name) => name.startsWith('veth')));
    if (known.size === 0) return true;
    return names.some((name) => known.has(name));
  }

  async #askDocker({ sighting, values, signal }: Look): Promise<void> {
    const { socketPath } = this.#options;
    if (socketPath === undefined) return;
    const asked = await askLeftovers({ socketPath, deadlineMs: askDeadlineMs, signal });
    if (asked.volumes) {
      sighting.set('volume', asked.volumes);
      values.dangling_volumes = asked.volumes.length;
    }
    if (asked.containers) sighting.set('container', asked.containers);
    if (asked.dead !== undefined) values.containers_dead = asked.dead;
  }

  #hostMounts(): Mount[] {
    const pids = new Set([1, ...(this.#options.runtimePids?.() ?? [])]);
    return [...pids].flatMap((pid) => this.#mountsOf(pid));
  }

  #mountsOf(pid: number): Mount[] {
    const path = join(this.#options.roots.proc, String(pid), 'mountinfo');
    return parseMountinfo(readKernelText(path, maxMountinfoBytes));
  }

  #setProblem(problems: readonly string[]): void {
    const problem = problems.join('; ');
    if (problem !== '' && problem !== this.#problem) {
      this.#context.logger.warn({ reason: problem }, 'Some left-overs were not looked for.');
    }
    this.#problem = problem;
  }
}

interface Look {
  sighting: Map<LeftoverType, readonly Leftover[]>;
  values: Values;
  /** What could not be looked at, and what to do about it. */
  problems: string[];
  signal: AbortSignal;
}
