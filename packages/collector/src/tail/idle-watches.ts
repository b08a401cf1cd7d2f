/**
 * Notices the first write to a path that is idle, through inotify. A path that is looked at once a
 * second would lose what floods and rotates within it, and its first line would be late. A watch
 * ends with its first event, for a busy path's events would cost more than looking.
 *
 * Where there are no watches (other file systems, the host's limit on them), looking goes on as it
 * does without.
 */
import { watch, type FSWatcher } from 'node:fs';

export interface IdleWatchesOptions {
  onWrite: (path: string) => void;
  /** Watches at once; each is the kernel's memory, about 1 KB. */
  maxWatches: number;
  /** Monotonic milliseconds. */
  nowMs: () => number;
}

/** After the host refused a watch no other is tried for as long. */
const refusedMs = 60_000;

export class IdleWatches {
  readonly #options: IdleWatchesOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #refusedUntilMs = -Infinity;

  constructor(options: IdleWatchesOptions) {
    this.#options = options;
  }

  has(path: string): boolean {
    return this.#watchers.has(path);
  }

  /** Watches until the first event; nothing when it cannot. */
  start(path: string): void {
    const { maxWatches, nowMs } = this.#options;
    if (this.#watchers.has(path) || this.#watchers.size >= maxWatches) return;
    if (nowMs() < this.#refusedUntilMs) return;
    try {
      const watcher = watch(path, { persistent: false });
      this.#watchers.set(path, watcher);
      watcher.once('change', () => {
        this.stop(path);
        this.#options.onWrite(path);
      });
      watcher.once('error', () => {
        this.stop(path);
      });
    } catch (error) {
      if (!isMissing(error)) this.#refusedUntilMs = nowMs() + refusedMs;
    }
  }

  stop(path: string): void {
    this.#watchers.get(path)?.close();
    this.#watchers.delete(path);
  }

  stopAll(): void {
    for (const path of this.#watchers.keys()) this.stop(path);
  }
}

/** The path is not there: not yet, or not any more. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
