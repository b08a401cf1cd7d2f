/**
 * Containers found by looking through a hierarchy for folders that carry an id. The last resort:
 * where `/proc/<pid>/cgroup` cannot be read or is relative to a namespace of ours (a collector with
 * a cgroup namespace or pid namespace of its own), and the path is none of the usual ones, such as
 * a pod's.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@plimsoll/runtime';

/** Folders looked into at most; those nearer to the root first. */
const defaultMaxFolders = 5000;
/** A hierarchy is looked through again no sooner than this, and than so many times its cost. */
const restMs = 10_000;
const restFactor = 500;
const containerId = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/;
/** The monitor of a container of CRI-O or podman carries its id, too. */
const monitor = /conmon-/;

interface Found {
  readonly paths: ReadonlyMap<string, string>;
  readonly nextAt: number;
}

export class ContainerIndex {
  readonly #clock: Clock;
  readonly #maxFolders: number;
  readonly #found = new Map<string, Found>();

  constructor(clock: Clock, options: { maxFolders?: number } = {}) {
    this.#clock = clock;
    this.#maxFolders = options.maxFolders ?? defaultMaxFolders;
  }

  /** Path below `directory` of the folder that carries the id. */
  find(directory: string, dockerId: string): string | undefined {
    const known = this.#found.get(directory);
    const path = known?.paths.get(dockerId);
    const start = this.#clock.monotonic();
    if (path !== undefined || (known && start < known.nextAt)) return path;
    const paths = lookThrough(directory, this.#maxFolders);
    const now = this.#clock.monotonic();
    const nextAt = now + Math.max(restMs, restFactor * (now - start));
    this.#found.set(directory, { paths, nextAt });
    return paths.get(dockerId);
  }
}

/** By id, the topmost folder that carries it. */
function lookThrough(root: string, maxFolders: number): Map<string, string> {
  const paths = new Map<string, string>();
  const queue = [''];
  for (const folder of queue) {
    for (const name of foldersIn(join(root, folder))) {
      const path = `${folder}/${name}`;
      const id = containerId.exec(name)?.[0];
      if (id !== undefined && !monitor.test(name) && !paths.has(id)) paths.set(id, path);
      if (queue.length < maxFolders) queue.push(path);
    }
  }
  return paths;
}

function foldersIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}
