/**
 * Containers of a Kubernetes node, whatever runtime it has: containerd, CRI-O, or Docker where the
 * Docker discovery does not describe them. No socket of a runtime is needed.
 *
 *     /var/log/pods, /var/log/containers    logs, restarts, container ids
 *     control groups below kubepods         which of them run, class of service, init process
 *     /run/containerd, /run/containers      image, sandbox (may be missing)
 *     API server                            labels, owner, limits, exit codes, … (may be missing)
 *
 * What a DaemonSet of the agent needs, and what is not collected without it:
 *
 *     hostPID: true                                    pids, so all statistics of processes
 *     /var/log            read only, at <host root>    logs; the folder whole, because links in
 *                                                      /var/log/containers lead to /var/log/pods
 *     /sys/fs/cgroup      read only                    which containers run; statistics
 *     /run/containerd     read only, optional          images and sandboxes without the API server
 *     /run/containers/storage, /run/k3s (CRI-O; k3s)   the same
 *     /var/lib/containerd read only, optional          size of what containers wrote
 *     /var/lib/docker/containers, only where the kubelet's logs are links to Docker's
 *     env NODE_NAME from spec.nodeName                 everything of the API server
 *     service account with a ClusterRole:              labels, owners, images and their digests,
 *       apiGroups [""], resources [pods],              limits and requests, exit codes, readiness
 *       verbs [watch]
 *     user 0: the kubelet makes its folders for root; of capabilities, DAC_READ_SEARCH is enough
 *     the optional package @kubernetes/client-node and undici in the image
 *
 * The host's file system is seen below `roots.host`. A look is made every second and costs some
 * `stat`; see pod-logs.ts and kubepods-tree.ts.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, type Clock, type Config, type Logger } from '@plimsoll/runtime';
import type { EventRow } from '@plimsoll/model';
import { detectCgroupLayout } from '../../stats/cgroup/layout.ts';
import type { Target } from '../../target.ts';
import type { ContainerFilter } from '../container-filter.ts';
import type { Discovery, DiscoveryChange, DiscoveryStatus } from '../discovery.ts';
import { TargetRegistry } from '../target-registry.ts';
import { exitEvents, healthEvents, removalEvent, startEvents } from './container-events.ts';
import { describePodContainer, type ContainerFacts } from './describe-pod-container.ts';
import { KubepodsTree } from './kubepods-tree.ts';
import { PodContainers } from './pod-containers.ts';
import { PodLogs } from './pod-logs.ts';
import { PodWatch } from './pod-watch.ts';
import { findServiceAccount, serviceAccountFolder } from './service-account.ts';

export interface KubernetesDiscoveryOptions {
  readonly config: Pick<Config['collector'], 'host' | 'roots' | 'kubernetes'>;
  readonly tenantOf: (containerId: string, labels: Readonly<Record<string, string>>) => string;
  /** Whether Docker's own discovery describes what Docker runs. */
  readonly isDockerWatched: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly accepts?: ContainerFilter | undefined;
  /** Of the process; for NODE_NAME and the place of the API server. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly serviceAccountFolder?: string;
  readonly intervalMs?: number;
  readonly maxTargets?: number | undefined;
}

/** Everything is read again this often, in case a change was not seen. */
const wholeLookMs = 60_000;
/** The same where there are no links whose folder tells of changes. */
const linklessLookMs = 5000;
/** Longest that the first look waits for the API server: labels are better right at once. */
const apiPatienceMs = 2000;
/** Longest that the end of a container waits for its exit code. */
const exitPatienceMs = 5000;

const dataFolders = [
  '/var/lib/containerd',
  '/var/lib/rancher/k3s/agent/containerd',
  '/var/lib/containers/storage',
];

export class KubernetesDiscovery implements Discovery {
  readonly #options: KubernetesDiscoveryOptions;
  readonly #registry: TargetRegistry;
  readonly #logs: PodLogs;
  #tree: KubepodsTree | null = null;
  #containers: PodContainers | null = null;
  #api: PodWatch | null = null;
  #apiMissing = '';
  #facts: ReadonlyMap<string, ContainerFacts> = new Map();
  readonly #described = new Map<string, ContainerFacts>();
  /** Containers that ended and whose exit code is awaited, until when. */
  readonly #exits = new Map<string, number>();
  #onChange: (change: DiscoveryChange) => void = () => undefined;
  #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #isSynced = false;
  #hasApiNews = false;
  #lastWholeMs = Number.NEGATIVE_INFINITY;
  #status: DiscoveryStatus = { state: 'absent', version: '', root: '', reason: 'not started' };

  constructor(options: KubernetesDiscoveryOptions) {
    this.#options = options;
    const { roots, kubernetes } = options.config;
    this.#logs = new PodLogs({
      host: roots.host,
      podLogs: kubernetes.pod_logs,
      containerLogs: kubernetes.container_logs,
    });
    this.#registry = new TargetRegistry({
      nowMs: () => options.clock.monotonic(),
      onChange: (change) => {
        this.#tell(change);
      },
      accepts: options.accepts,
      maxTargets: options.maxTargets,
    });
  }

  /** Resolves after the first look. */
  async start(onChange: (change: DiscoveryChange) => void): Promise<void> {
    if (this.#running) return;
    this.#onChange = onChange;
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    this.#containers ??= this.#makeContainers();
    this.#startApi();
    await this.#api?.settled(apiPatienceMs);
    await this.#tryLook();
    this.#running = this.#run(signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#api?.stop();
    this.#api = null;
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

  #makeContainers(): PodContainers {
    const { clock, config, isDockerWatched } = this.#options;
    return new PodContainers({
      host: config.roots.host,
      proc: config.roots.proc,
      isDockerWatched,
      nowMs: () => clock.monotonic(),
      wallMs: () => clock.now(),
      apiPod: (uid) => this.#api?.pod(uid),
    });
  }

  #startApi(): void {
    const { config, clock, logger, env = process.env } = this.#options;
    const isWanted = config.kubernetes.api === 'auto' && !this.#stopping.signal.aborted;
    if (!isWanted || this.#api || !this.#isHere()) return;
    const folder = this.#options.serviceAccountFolder ?? serviceAccountFolder;
    const account = findServiceAccount(env, folder);
    this.#apiMissing = typeof account === 'string' ? account : '';
    if (typeof account === 'string') return;
    this.#api = new PodWatch({
      account,
      clock,
      logger,
      onChange: () => {
        this.#hasApiNews = true;
      },
    });
    this.#api.start();
  }

  #isHere(): boolean {
    const { roots, kubernetes } = this.#options.config;
    return existsSync(join(roots.host, kubernetes.pod_logs));
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs = 1000 } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(intervalMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.#tryLook();
    }
  }

  async #tryLook(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'A look for pods failed; it is made again.');
      this.#enter('unreachable', messageOf(error));
    }
  }

  async #look(): Promise<void> {
    const containers = (this.#containers ??= this.#makeContainers());
    const isWhole = this.#isWholeDue();
    const changedPods = this.#logs.look(isWhole);
    if (isWhole) await nextTurn();
    const { podsState, linksState } = this.#logs;
    if (podsState.kind !== 'present') {
      this.#enterWithoutLogs();
      return;
    }
    if (isWhole) this.#startApi();
    const tree = this.#treeFor(isWhole);
    const hasNews = tree.look(isWhole, changedPods) || changedPods.size > 0 || this.#hasApiNews;
    if (hasNews || isWhole || containers.isPending) {
      this.#hasApiNews = false;
      this.#facts = await containers.gather({
        logs: this.#logs.logs(),
        groups: tree.containers(),
        hasGroups: tree.isPresent,
        hasLinks: linksState.kind === 'present',
      });
      this.#take();
    }
    this.#tellExits();
    this.#enter('connected', '');
    this.#sync();
  }

  #isWholeDue(): boolean {
    const nowMs = this.#options.clock.monotonic();
    const hasLinks = this.#logs.linksState.kind === 'present';
    if (nowMs - this.#lastWholeMs < (hasLinks ? wholeLookMs : linklessLookMs)) return false;
    this.#lastWholeMs = nowMs;
    return true;
  }

  /** Where groups of pods are mounted is looked for until it is found. */
  #treeFor(isWhole: boolean): KubepodsTree {
    if (!this.#tree || (isWhole && !this.#tree.isPresent)) {
      this.#tree = new KubepodsTree(detectCgroupLayout(this.#options.config.roots));
    }
    return this.#tree;
  }

  /** Removals first: a log that was known by its place may be known by its id now. */
  #take(): void {
    this.#registry.retain(new Set(this.#facts.keys()));
    for (const key of this.#described.keys()) {
      if (!this.#facts.has(key)) this.#described.delete(key);
    }
    const { tenantOf, config } = this.#options;
    for (const [key, facts] of this.#facts) {
      if (this.#described.get(key) === facts) continue;
      this.#described.set(key, facts);
      this.#registry.update(describePodContainer(facts, { tenantOf, host: config.host }));
    }
  }

  #tell(change: DiscoveryChange): void {
    this.#onChange(change);
    // What holds a pod's namespaces comes and goes with it: that would be said twice.
    if (change.kind !== 'target' || change.target.isSandbox) return;
    const { target, previous } = change;
    const { clock } = this.#options;
    const nowMs = clock.now();
    if (target.state === 'removed') {
      this.#tellExit(target);
      this.#emit([removalEvent(target, nowMs)]);
      return;
    }
    if (!previous && this.#isSynced) this.#emit(startEvents(target, nowMs));
    const hasEnded =
      target.state === 'exited' && (previous ? previous.state === 'running' : this.#isSynced);
    if (hasEnded) this.#exits.set(target.dockerId, clock.monotonic() + exitPatienceMs);
    this.#emit(healthEvents(previous, target, nowMs));
  }

  #tellExits(): void {
    const nowMs = this.#options.clock.monotonic();
    const canCome = this.#api !== null && this.#api.condition === '';
    for (const [key, untilMs] of this.#exits) {
      if (canCome && nowMs < untilMs && !this.#isExitKnown(key)) continue;
      const target = this.#registry.get(key);
      if (target) this.#tellExit(target);
    }
  }

  #tellExit(target: Target): void {
    if (!this.#exits.delete(target.dockerId)) return;
    const nowMs = this.#options.clock.now();
    this.#emit(exitEvents(target, this.#isExitKnown(target.dockerId), nowMs));
  }

  #isExitKnown(key: string): boolean {
    const facts = this.#described.get(key);
    const container = facts?.api?.containers.get(facts.log?.container ?? '');
    return container?.terminations.has(key) ?? false;
  }

  #emit(events: readonly EventRow[]): void {
    for (const event of events) this.#onChange({ kind: 'event', event });
  }

  #sync(): void {
    if (this.#isSynced) return;
    this.#isSynced = true;
    this.#onChange({ kind: 'synced' });
  }

  #enterWithoutLogs(): void {
    const { config } = this.#options;
    const { podsState } = this.#logs;
    const folder = config.kubernetes.pod_logs;
    if (podsState.kind === 'unreadable') {
      this.#enter('unreachable', `${folder} cannot be read: ${podsState.reason}`);
      return;
    }
    const isWanted = config.kubernetes.enabled === 'always';
    const reason = `there is no folder ${folder} below ${config.roots.host}`;
    this.#enter(isWanted ? 'unreachable' : 'absent', reason);
  }

  #enter(state: DiscoveryStatus['state'], reason: string): void {
    const problems = state === 'connected' ? this.#problems() : [];
    const before = this.#status;
    const isSame =
      before.state === state &&
      before.reason === reason &&
      (before.problems ?? []).join('\n') === problems.join('\n');
    if (isSame) return;
    const { logger, config } = this.#options;
    const root = dataFolders.find((folder) => existsSync(join(config.roots.host, folder))) ?? '';
    const status: DiscoveryStatus = { state, version: '', root, reason };
    this.#status = problems.length > 0 ? { ...status, problems } : status;
    logger.info(this.#status, messages[state]);
    this.#onChange({ kind: 'status', status: this.status() });
  }

  /** What is missing, what is not collected for it, and the remedy. */
  #problems(): string[] {
    const { config } = this.#options;
    const { linksState, refusedPods } = this.#logs;
    const found: string[] = [];
    if (linksState.kind !== 'present') {
      const why = linksState.kind === 'absent' ? 'is not there' : 'cannot be read';
      found.push(
        `${config.kubernetes.container_logs} ${why}: container ids are not known without the API server; mount /var/log whole`,
      );
    }
    if (this.#tree?.isPresent !== true) {
      found.push(
        'no control groups of pods are seen: which containers run is not known; mount /sys/fs/cgroup of the host and set collector.roots.cgroup',
      );
    }
    if (this.#containers?.arePidsHidden === true) {
      found.push('processes of containers are hidden: run with hostPID: true');
    }
    if (refusedPods > 0) found.push(`${refusedPods} pods are above the limit and not watched`);
    const api = this.#api?.condition ?? this.#apiMissing;
    if (api !== '') {
      found.push(`labels, owners, limits and exit codes of pods are not known: ${api}`);
    }
    return found;
  }
}

const messages = {
  connected: 'Containers of pods are watched.',
  absent: 'No pods were found; their folder is looked for.',
  unreachable: 'The folder of pod logs cannot be read; it is tried again.',
};
