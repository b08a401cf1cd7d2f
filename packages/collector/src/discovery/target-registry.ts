/**
 * The containers that are known. Those removed stay for a while, so that what is said about them
 * later (an OOM kill from the kernel log, the last lines of their log) still finds their labels.
 *
 * Of those that are not watched, because the configuration leaves them out or because there are too
 * many, only the ids are kept: they are counted and not described again and again.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Target } from '../target.ts';
import type { DiscoveryChange, DiscoveryStatus } from './discovery.ts';

export interface TargetRegistryOptions {
  nowMs: () => number;
  onChange: (change: DiscoveryChange) => void;
  /** Whether a container is to be watched; default: each. */
  accepts?: ((target: Target) => boolean) | undefined;
  graceMs?: number;
  /** Containers known at once, and removed ones remembered; further ones are refused. */
  maxTargets?: number | undefined;
}

export class TargetRegistry {
  readonly #options: TargetRegistryOptions;
  readonly #graceMs: number;
  readonly #maxTargets: number;
  readonly #targets = new Map<string, Target>();
  readonly #removed = new Map<string, { target: Target; untilMs: number }>();
  readonly #excluded = new Set<string>();
  readonly #refused = new Set<string>();

  constructor(options: TargetRegistryOptions) {
    this.#options = options;
    this.#graceMs = options.graceMs ?? 10 * 60_000;
    this.#maxTargets = options.maxTargets ?? 10_000;
  }

  /** How many containers are left out or refused, as far as there are any. */
  counts(): Pick<DiscoveryStatus, 'excluded' | 'refused'> {
    const [excluded, refused] = [this.#excluded.size, this.#refused.size];
    return { ...(excluded > 0 && { excluded }), ...(refused > 0 && { refused }) };
  }

  targets(): readonly Target[] {
    return [...this.#targets.values()];
  }

  get(containerId: string): Target | undefined {
    return this.#targets.get(containerId);
  }

  find(containerId: string): Target | undefined {
    return this.#targets.get(containerId) ?? this.#removed.get(containerId)?.target;
  }

  isExcluded(containerId: string): boolean {
    return this.#excluded.has(containerId);
  }

  /** True when a container that is not known would be refused; it is counted. */
  refuses(containerId: string): boolean {
    if (this.#targets.has(containerId) || this.#targets.size < this.#maxTargets) return false;
    // What is refused is not told apart any more when there is as much of it again.
    if (this.#refused.size < this.#maxTargets) this.#refused.add(containerId);
    return true;
  }

  /** Takes in what a container is now; tells only of a change. */
  update(target: Target): void {
    const id = target.dockerId;
    const previous = this.#targets.get(id);
    if (previous && isDeepStrictEqual(previous, target)) return;
    if (this.#options.accepts?.(target) === false) {
      // Such as one that was given another name.
      this.remove(id);
      if (this.#excluded.size < this.#maxTargets) this.#excluded.add(id);
      return;
    }
    this.#excluded.delete(id);
    if (this.refuses(id)) return;
    this.#refused.delete(id);
    this.#targets.set(id, target);
    this.#options.onChange({ kind: 'target', target, previous });
  }

  remove(containerId: string): void {
    this.#excluded.delete(containerId);
    this.#refused.delete(containerId);
    const previous = this.#targets.get(containerId);
    if (!previous) return;
    this.#targets.delete(containerId);
    const target: Target = { ...previous, state: 'removed', pid: 0 };
    this.#remember(target);
    this.#options.onChange({ kind: 'target', target, previous });
  }

  /** Removes all that are not in a complete list. */
  retain(containerIds: ReadonlySet<string>): void {
    for (const ids of [this.#targets.keys(), this.#excluded, this.#refused]) {
      for (const id of ids) if (!containerIds.has(id)) this.remove(id);
    }
  }

  #remember(target: Target): void {
    const nowMs = this.#options.nowMs();
    this.#removed.set(target.dockerId, { target, untilMs: nowMs + this.#graceMs });
    for (const [id, { untilMs }] of this.#removed) {
      if (untilMs > nowMs && this.#removed.size <= this.#maxTargets) break;
      this.#removed.delete(id);
    }
  }
}
