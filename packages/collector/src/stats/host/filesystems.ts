/**
 * Mounted filesystems with a block device behind them, each once. Bind mounts show the same
 * device again; images that are always full (squashfs and the like) would only alarm.
 */
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Mount, parseMountinfo } from '../cgroup/mountinfo.ts';

const readOnlyImages = new Set(['squashfs', 'iso9660', 'erofs', 'cramfs', 'udf']);
/** Longest a filesystem is waited for: one whose device hangs must not stop the scrape. */
const statfsTimeoutMs = 2000;
/** More filesystems than these are not asked. */
const maxFilesystems = 256;

export interface Filesystem {
  mountpoint: string;
  device: string;
  fstype: string;
}

export interface FilesystemSpace {
  sizeBytes: number;
  /** For an ordinary user: what root keeps for itself is not counted. */
  availableBytes: number;
  inodes: number;
  inodesFree: number;
}

/** Of the mounts of one device, the widest view of it, then the shortest path. */
export function blockFilesystems(mountinfo: string): Filesystem[] {
  const bySource = new Map<string, Mount>();
  for (const mount of parseMountinfo(mountinfo)) {
    if (!mount.source.startsWith('/dev/') || readOnlyImages.has(mount.fstype)) continue;
    const known = bySource.get(mount.source);
    if (!known || rank(mount) < rank(known)) bySource.set(mount.source, mount);
  }
  return [...bySource.values()].slice(0, maxFilesystems).map(({ mountpoint, source, fstype }) => ({
    mountpoint,
    device: source,
    fstype,
  }));
}

function rank(mount: Mount): number {
  return mount.root.length * 100_000 + mount.mountpoint.length;
}

interface Asked {
  answer: Promise<FilesystemSpace | undefined>;
  /** It was waited for in vain: nobody waits again until it answers. */
  isLate: boolean;
}

/** Asks filesystems for their space, without waiting for one that does not answer. */
export class FilesystemProbe {
  readonly #host: string;
  readonly #asked = new Map<string, Asked>();

  /** @param host Put before each path: where the host's root is seen. */
  constructor(host: string) {
    this.#host = host;
  }

  /** Undefined when it cannot be asked, or has not answered (now or since an earlier time). */
  async space(path: string): Promise<FilesystemSpace | undefined> {
    const asked = this.#asked.get(path) ?? this.#ask(path);
    if (asked.isLate) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        asked.isLate = true;
        resolve(undefined);
      }, statfsTimeoutMs);
    });
    try {
      return await Promise.race([asked.answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #ask(path: string): Asked {
    const answer = statfs(join(this.#host, path))
      .then((found) => ({
        sizeBytes: found.blocks * found.bsize,
        availableBytes: found.bavail * found.bsize,
        inodes: found.files,
        inodesFree: found.ffree,
      }))
      .catch(() => undefined)
      .finally(() => this.#asked.delete(path));
    const asked = { answer, isLate: false };
    this.#asked.set(path, asked);
    return asked;
  }
}
