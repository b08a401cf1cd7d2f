/**
 * Containers that begin or end without a word of the daemon: its event stream is dead, or the
 * daemon does not hear from containerd any more. Compared are the kernel's own facts (a control
 * group that appears, an init process that is gone) with the time of the last event.
 *
 * - A container that began: an event of any container since then shows that the stream lives.
 * - One that ended: the same, but as long as the daemon still calls it running, events of other
 *   containers are no excuse.
 *
 * Pure: it is given what was seen, and says which change is overdue.
 */
import { isRunning, type Target } from '../../target.ts';

export interface SilentChange {
  containerId: string;
  what: 'began' | 'ended';
  /** The earliest that it can have happened, by the wall clock. */
  afterMs: number;
}

export interface Sight {
  /** Containers that have a control group. */
  folders: ReadonlySet<string>;
  targets: readonly Target[];
  /** Whether the init process of a container is there. */
  isAlive: (target: Target) => boolean;
  /** Wall clock; 0 when no event was seen yet. */
  lastEventMs: number;
  nowMs: number;
  monotonicMs: number;
}

/** A container that starts or stops is told within a second or two, also on a busy host. */
export const defaultSilentAfterMs = 30_000;
/** Clocks of an event and of a look are read at different moments. */
const toleranceMs = 1000;
const maxChanges = 1000;

export class SilentEvents {
  readonly #silentAfterMs: number;
  readonly #changes = new Map<string, SilentChange & { seenMs: number }>();
  #folders: ReadonlySet<string> | undefined;
  /** Containers whose process was seen: only of those its end can be seen. */
  #alive = new Set<string>();
  #lastLookMs = 0;

  constructor(silentAfterMs = defaultSilentAfterMs) {
    this.#silentAfterMs = silentAfterMs;
  }

  /** The oldest change that should have been told by now. */
  take(sight: Sight): SilentChange | undefined {
    this.#addBegun(sight);
    this.#addEnded(sight);
    this.#settle(sight);
    this.#folders = sight.folders;
    this.#lastLookMs = sight.nowMs;
    for (const change of this.#changes.values()) {
      if (sight.monotonicMs - change.seenMs >= this.#silentAfterMs) return change;
    }
    return undefined;
  }

  /** The container is not one of this daemon's. */
  dismiss({ containerId, what }: SilentChange): void {
    this.#changes.delete(`${what} ${containerId}`);
  }

  /** While the events are known not to be followed, nothing can be told from their silence. */
  reset(): void {
    this.#changes.clear();
    this.#alive.clear();
    this.#folders = undefined;
  }

  #addBegun(sight: Sight): void {
    const before = this.#folders;
    if (!before) return;
    for (const id of sight.folders) if (!before.has(id)) this.#add(id, 'began', sight);
  }

  #addEnded(sight: Sight): void {
    const alive = new Set<string>();
    for (const target of sight.targets) {
      if (!isRunning(target) || target.pid === 0) continue;
      const id = target.dockerId;
      if (sight.isAlive(target)) alive.add(id);
      else if (this.#alive.has(id)) this.#add(id, 'ended', sight);
    }
    this.#alive = alive;
  }

  #add(containerId: string, what: SilentChange['what'], sight: Sight): void {
    const key = `${what} ${containerId}`;
    if (this.#changes.has(key) || this.#changes.size >= maxChanges) return;
    const change = { containerId, what, afterMs: this.#lastLookMs, seenMs: sight.monotonicMs };
    this.#changes.set(key, change);
  }

  /** Lets go of what was told, or was undone. */
  #settle(sight: Sight): void {
    const running = new Map(
      sight.targets.filter(isRunning).map((target) => [target.dockerId, target]),
    );
    for (const [key, change] of this.#changes) {
      const isTold = sight.lastEventMs >= change.afterMs - toleranceMs;
      const target = running.get(change.containerId);
      const isLost = change.what === 'ended' && target !== undefined && !sight.isAlive(target);
      const isUndone =
        change.what === 'began'
          ? !sight.folders.has(change.containerId)
          : target !== undefined && !isLost;
      if ((isTold && !isLost) || isUndone) this.#changes.delete(key);
    }
  }
}
