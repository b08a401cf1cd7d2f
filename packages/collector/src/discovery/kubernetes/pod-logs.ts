/**
 * The logs of pods as the kubelet lays them out, and the ids of their containers.
 *
 * A look costs two `stat`: the folder of links changes with every container that starts or goes.
 * What changed is read again, and everything once in a while, in case a change fell into the same
 * tick of the file system's clock. Where there are no links, all is read each time it is asked for
 * a whole look.
 */
import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { codeOf, messageOf } from '@plimsoll/runtime';
import { folderVersion } from './folder-version.ts';
import { resolveHostPath } from './host-path.ts';
import {
  isContainerName,
  linkDestination,
  parseLinkName,
  parseLogName,
  parseLogPath,
  parsePodFolder,
  type LinkId,
  type PodLogPlace,
} from './pod-log-names.ts';

export interface PodLog extends PodLogPlace {
  /** As the host names it, without symbolic links. */
  readonly path: string;
  readonly link: LinkId;
  /** The newest of its container. */
  readonly isNewest: boolean;
  /** The file is one of Docker's json-file driver: the kubelet's is a link to it. */
  readonly isDockerFile: boolean;
}

export interface PodLogsOptions {
  /** Where the host's file system is seen. */
  host: string;
  podLogs: string;
  containerLogs: string;
  maxPods?: number;
  /** Containers of a pod, logs of a container: more are left out. */
  maxPerFolder?: number;
}

/** What the last look found of the folders themselves. */
export type FolderState =
  | { readonly kind: 'present' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly reason: string };

const noLink: LinkId = { kind: 'none' };

export class PodLogs {
  readonly #options: Required<PodLogsOptions>;
  #podLogs = '';
  #containerLogs = '';
  /** Destination of each link, by its name. */
  #links = new Map<string, string>();
  #logsByFolder = new Map<string, readonly PodLog[]>();
  #versions = { pods: '', links: '' };
  podsState: FolderState = { kind: 'absent' };
  linksState: FolderState = { kind: 'absent' };
  /** Pods left out because there are too many. */
  refusedPods = 0;

  constructor(options: PodLogsOptions) {
    this.#options = { maxPods: 2000, maxPerFolder: 200, ...options };
  }

  *logs(): Iterable<PodLog> {
    for (const logs of this.#logsByFolder.values()) yield* logs;
  }

  /**
   * Looks for changes, at everything with `isWhole`.
   *
   * @returns the uids of the pods that were looked at; empty: nothing changed
   */
  look(isWhole: boolean): ReadonlySet<string> {
    if (isWhole || this.#podLogs === '') this.#resolveFolders();
    const { host } = this.#options;
    const versions = {
      pods: folderVersion(join(host, this.#podLogs)),
      links: folderVersion(join(host, this.#containerLogs)),
    };
    const isSame = versions.pods === this.#versions.pods && versions.links === this.#versions.links;
    if (isSame && !isWhole && versions.pods !== '') return new Set();
    this.#versions = versions;
    return this.#read(isWhole);
  }

  #resolveFolders(): void {
    const { host, podLogs, containerLogs } = this.#options;
    this.#podLogs = resolveHostPath(host, podLogs);
    this.#containerLogs = resolveHostPath(host, containerLogs);
  }

  #read(isWhole: boolean): ReadonlySet<string> {
    const changed = this.#readLinks();
    const folders = this.#listPods();
    const looked = new Set<string>();
    for (const [folder] of this.#logsByFolder) {
      if (folders.has(folder)) continue;
      this.#logsByFolder.delete(folder);
      looked.add(parsePodFolder(folder)?.uid ?? '');
    }
    const links = this.#linksByPath();
    for (const folder of folders) {
      const isKnown = this.#logsByFolder.has(folder);
      if (isKnown && !isWhole && !changed.has(folder)) continue;
      this.#logsByFolder.set(folder, this.#readPod(folder, links));
      looked.add(parsePodFolder(folder)?.uid ?? '');
    }
    return looked;
  }

  /** @returns the pod folders that links which came or went lead to */
  #readLinks(): ReadonlySet<string> {
    const names = this.#list(this.#containerLogs, this.#maxLinks);
    this.linksState = names.state;
    const links = new Map<string, string>();
    const changed = new Set<string>();
    for (const name of names.entries) {
      const known = this.#links.get(name);
      const destination = known ?? this.#destinationOf(name);
      if (destination === null) continue;
      links.set(name, destination);
      if (known === undefined) changed.add(podFolderOf(destination));
    }
    for (const [name, destination] of this.#links) {
      if (!links.has(name)) changed.add(podFolderOf(destination));
    }
    this.#links = links;
    return changed;
  }

  get #maxLinks(): number {
    return this.#options.maxPods * 10;
  }

  #destinationOf(name: string): string | null {
    try {
      const path = join(this.#options.host, this.#containerLogs, name);
      return linkDestination(this.#containerLogs, readlinkSync(path));
    } catch {
      return null;
    }
  }

  #linksByPath(): ReadonlyMap<string, LinkId> {
    const links = new Map<string, LinkId>();
    for (const [name, destination] of this.#links) {
      const place = parseLogPath(destination);
      if (place) links.set(placeKey(place), parseLinkName(name, place));
    }
    return links;
  }

  #listPods(): ReadonlySet<string> {
    const { maxPods } = this.#options;
    const { entries, state } = this.#list(this.#podLogs, Number.POSITIVE_INFINITY);
    this.podsState = state;
    const folders = entries.filter((name) => parsePodFolder(name) !== null);
    this.refusedPods = Math.max(0, folders.length - maxPods);
    return new Set(folders.slice(0, maxPods));
  }

  #readPod(folder: string, links: ReadonlyMap<string, LinkId>): readonly PodLog[] {
    const pod = parsePodFolder(folder);
    if (!pod) return [];
    const { maxPerFolder } = this.#options;
    const containers = this.#list(posix.join(this.#podLogs, folder), maxPerFolder).entries;
    return containers.filter(isContainerName).flatMap((container) => {
      const path = posix.join(this.#podLogs, folder, container);
      const counts = this.#list(path, maxPerFolder)
        .entries.map(parseLogName)
        .filter((count) => count !== null)
        .toSorted((a, b) => b - a);
      return counts.map((restartCount, index) => {
        const place = { ...pod, container, restartCount };
        const link = links.get(placeKey(place)) ?? noLink;
        return { ...place, ...this.#fileOf(path, restartCount), link, isNewest: index === 0 };
      });
    });
  }

  #fileOf(folder: string, restartCount: number): Pick<PodLog, 'path' | 'isDockerFile'> {
    const { host } = this.#options;
    const path = posix.join(folder, `${restartCount}.log`);
    const isLink = lstatSync(join(host, path), { throwIfNoEntry: false })?.isSymbolicLink();
    if (isLink !== true) return { path, isDockerFile: false };
    const file = resolveHostPath(host, path);
    return { path: file, isDockerFile: /\/[0-9a-f]{64}-json\.log$/.test(file) };
  }

  /** The first names, in the order of the alphabet, so that those above the limit stay the same. */
  #list(folder: string, max: number): { entries: string[]; state: FolderState } {
    try {
      const entries = readdirSync(join(this.#options.host, folder)).toSorted().slice(0, max);
      return { entries, state: { kind: 'present' } };
    } catch (error) {
      const isAbsent = codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
      if (isAbsent) return { entries: [], state: { kind: 'absent' } };
      return { entries: [], state: { kind: 'unreadable', reason: messageOf(error) } };
    }
  }
}

/** Milliseconds since 1970 of the last write to a log; 0 when it is not there. */
export function lastWriteMs(host: string, path: string): number {
  return statSync(join(host, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function placeKey({ namespace, pod, uid, container, restartCount }: PodLogPlace): string {
  return `${namespace}_${pod}_${uid}/${container}/${restartCount}`;
}

function podFolderOf(path: string): string {
  return path.split('/').at(-3) ?? '';
}
