/**
 * When the pull of an image began. The daemon tells only of its end, but while it pulls, the layers
 * that it downloads are files in one of its folders: `<root>/tmp/GetImageBlob…`, or the ingest folder
 * of a containerd that holds the images. The kernel tells of new names there, so nothing is polled.
 *
 * Files are not marked with the image they belong to. A download begins with the first file after a
 * quiet time and is what the next pull event ends; a second pull at the same time gets a time that is
 * an upper bound, and says so.
 */
import { statSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { messageOf, type Clock } from '@plimsoll/runtime';

export interface PullFolder {
  path: string;
  /** What the names of downloads begin with. */
  prefix: string;
}

/** @param root the daemon's data folder as it is named here */
export function pullFolders(root: string, isContainerd: boolean): PullFolder[] {
  if (!isContainerd) return [{ path: join(root, 'tmp'), prefix: 'GetImageBlob' }];
  const ingest = 'io.containerd.content.v1.content/ingest';
  return [
    { path: join(root, 'containerd/daemon', ingest), prefix: '' },
    { path: join(root, '..', 'containerd', ingest), prefix: '' },
  ];
}

export interface PullWatchOptions {
  clock: Clock;
}

interface Download {
  beganAtMs: number;
  layers: number;
  /** Pull events that it has been told with. */
  pulls: number;
}

/** Between the last file's end and the pull event; a failed pull has no event at all. */
const quietMs = 10_000;
const maxActive = 1000;

export class PullWatch {
  readonly #options: PullWatchOptions;
  readonly #active = new Set<string>();
  #watchers: FSWatcher[] = [];
  #download: Download | null = null;
  #quietSinceMs = 0;
  #problem = '';

  constructor(options: PullWatchOptions) {
    this.#options = options;
  }

  /** Why durations are not known here; '' when they are. */
  get problem(): string {
    return this.#problem;
  }

  /** Watches the folders that are there; the daemon makes them anew when it starts. */
  start(folders: readonly PullFolder[]): void {
    this.stop();
    const reasons: string[] = [];
    for (const folder of folders) {
      try {
        const watcher = watch(folder.path, { persistent: false }, (_kind, name) => {
          if (name?.startsWith(folder.prefix)) this.#look(join(folder.path, name));
        });
        watcher.on('error', () => {
          watcher.close();
        });
        this.#watchers.push(watcher);
      } catch (error) {
        reasons.push(messageOf(error));
      }
    }
    if (this.#watchers.length > 0) return;
    this.#problem =
      `durations of image pulls are not known: expected the daemon's data folder to be mounted ` +
      `and readable, got ${reasons.join('; ')}`;
  }

  stop(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
    this.#problem = '';
    this.#active.clear();
    this.#download = null;
  }

  /** What is known of the download that a pull event ends; called once per event, in order. */
  take(pulledAtMs: number): Record<string, string> {
    if (this.#watchers.length === 0) return {};
    // The event of the daemon may be here before the kernel's of the last file.
    for (const path of this.#active) if (bornAtMs(path) === null) this.#forget(path);
    const download = this.#download;
    const isOver = this.#active.size === 0;
    if (!download || (isOver && pulledAtMs - this.#quietSinceMs > quietMs)) {
      return { layers_downloaded: '0' };
    }
    download.pulls += 1;
    if (isOver) this.#download = null;
    return {
      duration_ms: String(Math.max(0, Math.round(pulledAtMs - download.beganAtMs))),
      layers_downloaded: String(download.layers),
      ...((download.pulls > 1 || !isOver) && { duration_is: 'upper_bound' }),
    };
  }

  /** A name appeared or went. */
  #look(path: string): void {
    const bornMs = bornAtMs(path);
    if (bornMs === null) {
      this.#forget(path);
      return;
    }
    if (this.#active.has(path)) return;
    const nowMs = this.#options.clock.now();
    if (this.#active.size === 0 && nowMs - this.#quietSinceMs > quietMs) this.#download = null;
    // Not all file systems keep the time of birth.
    const beganAtMs = bornMs > 0 ? Math.min(bornMs, nowMs) : nowMs;
    this.#download ??= { beganAtMs, layers: 0, pulls: 0 };
    this.#download.layers += 1;
    if (this.#active.size < maxActive) this.#active.add(path);
  }

  #forget(path: string): void {
    if (this.#active.delete(path) && this.#active.size === 0) {
      this.#quietSinceMs = this.#options.clock.now();
    }
  }
}

/** Null when it is not there. */
function bornAtMs(path: string): number | null {
  try {
    return statSync(path).birthtimeMs;
  } catch {
    return null;
  }
}
