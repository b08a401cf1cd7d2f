/**
 * Joins what was seen of each container: its log, its control group, what the runtime wrote and
 * what the API server says.
 *
 * - A log is a container's by the id in the name of the link to it, by the API server, or, when
 *   neither has told for a while, by its place alone: it is read all the same.
 * - A control group within a pod's that belongs to no log is the pod's sandbox. The runtime's own
 *   word goes before, then the name of its program; without them it is decided after a while,
 *   because the link to a log comes a moment after the container.
 */
import type { TargetState } from '../../target.ts';
import type { ApiPod } from './api-pod.ts';
import type { ContainerFacts, PodName } from './describe-pod-container.ts';
import {
  findInitProcess,
  readBootTimeMs,
  readProgramName,
  startTimeMs,
  type InitProcess,
} from './init-process.ts';
import type { ContainerGroup } from './kubepods-tree.ts';
import { lastWriteMs, type PodLog } from './pod-logs.ts';
import type { BundleFacts } from './runtime-bundle.ts';
import { readBundle } from './runtime-bundle.ts';
import { readWritableLayer } from './writable-layer.ts';

export interface PodContainersOptions {
  /** Where the host's file system is seen. */
  host: string;
  proc: string;
  /** Docker's discovery describes what Docker runs. */
  isDockerWatched: boolean;
  nowMs: () => number;
  wallMs: () => number;
  apiPod: (uid: string) => ApiPod | undefined;
}

export interface Seen {
  readonly logs: Iterable<PodLog>;
  readonly groups: Iterable<ContainerGroup>;
  /** Whether control groups of pods can be seen at all. */
  readonly hasGroups: boolean;
  readonly hasLinks: boolean;
}

interface Known {
  readonly sinceMs: number;
  bundle: BundleFacts | null | undefined;
  init: InitProcess | null;
  /** Seen twice: a container that begins has passing processes. */
  isInitSure: boolean;
  writableLayer: string;
  finishedAtMs: number;
  facts: ContainerFacts | undefined;
}

interface Part {
  readonly key: string;
  readonly log: PodLog | undefined;
  readonly group: ContainerGroup | undefined;
  readonly isSandbox: boolean;
  readonly podName: PodName | undefined;
}

/** How long a log waits for the link that names its container. */
const linkGraceMs = 3000;
/** How long a control group waits for a log before it is taken for a sandbox. */
const sandboxGraceMs = 10_000;
/** How long a control group without processes is looked into every time. */
const initPatienceMs = 10_000;
const maxReadsAtOnce = 16;

export class PodContainers {
  readonly #options: PodContainersOptions;
  readonly #bootTimeMs: number;
  readonly #known = new Map<string, Known>();
  readonly #unnamedSinceMs = new Map<string, number>();
  /** Something is to be decided by a later look. */
  isPending = false;
  /** The kernel does not show the processes of containers. */
  arePidsHidden = false;

  constructor(options: PodContainersOptions) {
    this.#options = options;
    this.#bootTimeMs = readBootTimeMs(options.proc);
  }

  /** Everything that is known now, by key; the same object where nothing changed. */
  async gather(seen: Seen): Promise<ReadonlyMap<string, ContainerFacts>> {
    this.isPending = false;
    this.arePidsHidden = false;
    const groups = new Map([...seen.groups].map((group) => [group.id, group]));
    await this.#readBundles(groups.keys());
    const parts = this.#join(seen, groups);
    const facts = new Map<string, ContainerFacts>();
    for (const part of parts) facts.set(part.key, this.#factsOf(part, seen.hasGroups));
    for (const key of this.#known.keys()) {
      if (!facts.has(key) && !groups.has(key)) this.#known.delete(key);
    }
    return facts;
  }

  async #readBundles(ids: Iterable<string>): Promise<void> {
    const unread = [...ids].filter((id) => this.#of(id).bundle === undefined);
    for (let at = 0; at < unread.length; at += maxReadsAtOnce) {
      const some = unread.slice(at, at + maxReadsAtOnce);
      await Promise.all(
        some.map(async (id) => {
          this.#of(id).bundle = await readBundle(this.#options.host, id);
        }),
      );
    }
  }

  #join(seen: Seen, groups: ReadonlyMap<string, ContainerGroup>): Part[] {
    const claimed = new Map<string, Part>();
    const podNames = new Map<string, PodName>();
    const dockerPods = new Set<string>();
    const unnamedPods = new Set<string>();
    const places = new Set<string>();
    for (const log of seen.logs) {
      podNames.set(log.uid, { namespace: log.namespace, pod: log.pod });
      if (log.isDockerFile && this.#options.isDockerWatched) {
        dockerPods.add(log.uid);
        continue;
      }
      const id = this.#idOf(log, groups);
      if (id === null) {
        places.add(placeOf(log));
        unnamedPods.add(log.uid);
      }
      const key = id ?? this.#placeOnceDue(log, seen.hasLinks);
      if (key === null) continue;
      claimed.set(key, { key, log, group: groups.get(key), isSandbox: false, podName: undefined });
    }
    for (const place of this.#unnamedSinceMs.keys()) {
      if (!places.has(place)) this.#unnamedSinceMs.delete(place);
    }
    for (const group of groups.values()) {
      const isDockers = group.isDocker || dockerPods.has(group.podUid);
      if (claimed.has(group.id) || (isDockers && this.#options.isDockerWatched)) continue;
      const isSandbox = this.#isSandbox(group, unnamedPods.has(group.podUid));
      if (isSandbox === null) continue;
      const podName = podNames.get(group.podUid);
      claimed.set(group.id, { key: group.id, log: undefined, group, isSandbox, podName });
    }
    return [...claimed.values()];
  }

  #idOf(log: PodLog, groups: ReadonlyMap<string, ContainerGroup>): string | null {
    if (log.link.kind === 'whole') return log.link.id;
    const api = this.#options.apiPod(log.uid)?.containers.get(log.container);
    if (api && api.restartCount === log.restartCount && api.containerId !== '') {
      return api.containerId;
    }
    if (log.link.kind !== 'cut' || log.link.prefix === '' || !log.isNewest) return null;
    const { prefix } = log.link;
    const fitting = [...groups.values()].filter(
      (group) => group.podUid === log.uid && group.id.startsWith(prefix),
    );
    return fitting.length === 1 ? (fitting[0]?.id ?? null) : null;
  }

  /** Null for as long as its link may still come. */
  #placeOnceDue(log: PodLog, hasLinks: boolean): string | null {
    const place = placeOf(log);
    const nowMs = this.#options.nowMs();
    const sinceMs = this.#unnamedSinceMs.get(place) ?? nowMs;
    this.#unnamedSinceMs.set(place, sinceMs);
    if (!hasLinks || log.link.kind === 'cut' || nowMs - sinceMs >= linkGraceMs) return place;
    this.isPending = true;
    return null;
  }

  /** Null when it is not decided yet. */
  #isSandbox(group: ContainerGroup, hasUnnamedLog: boolean): boolean | null {
    const known = this.#of(group.id);
    if (known.bundle) return known.bundle.isSandbox;
    this.#findInit(group, known);
    const { proc, nowMs } = this.#options;
    if (known.init && readProgramName(proc, known.init.pid) === 'pause') return true;
    if (nowMs() - known.sinceMs >= sandboxGraceMs) return !hasUnnamedLog;
    this.isPending = true;
    return null;
  }

  #factsOf(part: Part, hasGroups: boolean): ContainerFacts {
    const { key, log, group } = part;
    const known = this.#of(key);
    if (group) this.#findInit(group, known);
    const state = stateOf(part, hasGroups);
    if (state === 'exited' && known.finishedAtMs === 0)
      known.finishedAtMs = this.#endOf(known, log);
    const { pid, startedAtMs } = this.#processOf(known, state);
    const facts: ContainerFacts = {
      key,
      log,
      group,
      bundle: known.bundle ?? null,
      api: this.#options.apiPod(log?.uid ?? group?.podUid ?? ''),
      podName: part.podName,
      isSandbox: part.isSandbox,
      state,
      pid,
      startedAtMs,
      finishedAtMs: known.finishedAtMs,
      writableLayer: known.writableLayer,
    };
    if (known.facts && isSame(known.facts, facts)) return known.facts;
    known.facts = facts;
    return facts;
  }

  #processOf(known: Known, state: TargetState): { pid: number; startedAtMs: number } {
    if (!known.init) return { pid: 0, startedAtMs: known.facts?.startedAtMs ?? 0 };
    const startedAtMs = startTimeMs(this.#bootTimeMs, known.init);
    return { pid: state === 'running' ? known.init.pid : 0, startedAtMs };
  }

  /** When it was seen to end; of one that had ended before, when it wrote last. */
  #endOf(known: Known, log: PodLog | undefined): number {
    const { host, wallMs } = this.#options;
    if (known.facts?.state === 'running') return wallMs();
    return Math.round((log && lastWriteMs(host, log.path)) || wallMs());
  }

  #findInit(group: ContainerGroup, known: Known): void {
    if (known.isInitSure) return;
    const { proc } = this.#options;
    const found = findInitProcess(group.directory, proc);
    if (found.kind === 'hidden') {
      this.arePidsHidden = true;
      return;
    }
    // Later it is only looked for when everything is.
    if (this.#options.nowMs() - known.sinceMs < initPatienceMs) this.isPending = true;
    if (found.kind === 'none') return;
    known.isInitSure = known.init?.pid === found.process.pid;
    known.init = found.process;
    if (known.isInitSure) known.writableLayer = readWritableLayer(proc, found.process.pid);
  }

  #of(key: string): Known {
    const known = this.#known.get(key) ?? {
      sinceMs: this.#options.nowMs(),
      bundle: undefined,
      init: null,
      isInitSure: false,
      writableLayer: '',
      finishedAtMs: 0,
      facts: undefined,
    };
    this.#known.set(key, known);
    return known;
  }
}

/** Without control groups to be seen, the newest log is of the container that runs. */
function stateOf({ log, group }: Part, hasGroups: boolean): TargetState {
  if (group) return 'running';
  return !hasGroups && log?.isNewest === true ? 'running' : 'exited';
}

/** A key of a log that nothing names the container of. */
function placeOf({ uid, container, restartCount }: PodLog): string {
  return `${uid}/${container}/${restartCount}`;
}

function isSame(a: ContainerFacts, b: ContainerFacts): boolean {
  const keys: (keyof ContainerFacts)[] = [
    'bundle',
    'api',
    'isSandbox',
    'state',
    'pid',
    'startedAtMs',
    'finishedAtMs',
    'writableLayer',
  ];
  return (
    keys.every((key) => a[key] === b[key]) &&
    isSameLog(a.log, b.log) &&
    a.group?.path === b.group?.path &&
    a.podName?.pod === b.podName?.pod
  );
}

function isSameLog(a: PodLog | undefined, b: PodLog | undefined): boolean {
  return a === b || (a?.path === b?.path && a?.isNewest === b?.isNewest);
}
