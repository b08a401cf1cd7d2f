/**
 * The containers that are known. Those removed stay for a while, so that what is said about them
 * later (an OOM kill from the kernel log, the last lines of their log) still finds their labels.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Target } from '../target.ts';
import type { DiscoveryChange } from './discovery.ts';

export interface TargetRegistryOptions {
  nowMs: () => number;
  onChange: (change: DiscoveryChange) => void;
  graceMs?: number;
  /** Containers known at once, and removed ones remembered; further ones are refused. */
  maxTargets?: number;
}

export class TargetRegistry {
  readonly #options: TargetRegistryOptions;
  readonly #graceMs: number;
  readonly #maxTargets: number;
  readonly #targets = new Map<string, Target>();
  readonly #removed = new Map<string, { target: Target; untilMs: number }>();
  /** Containers beyond the limit, which are not watched. */
  refused = 0;

  constructor(options: TargetRegistryOptions) {
    this.#options = options;
    this.#graceMs = options.graceMs ?? 10 * 60_000;
    this.#maxTargets = options.maxTargets ?? 10_000;
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

  /** Takes in what a container is now; tells only of a change. */
  update(target: Target): void {
    const previous = this.#targets.get(target.dockerId);
    if (previous && isDeepStrictEqual(previous, target)) return;
    if (!previous && this.#targets.size >= this.#maxTargets) {
      this.refused += 1;
      return;
    }
    this.#targets.set(target.dockerId, target);
    this.#options.onChange({ kind: 'target', target, previous });
  }

  remove(containerId: string): void {
    const previous = this.#targets.get(containerId);
    if (!previous) return;
    this.#targets.delete(containerId);
    const target: Target = { ...previous, state: 'removed', pid: 0 };
    this.#remember(target);
    this.#options.onChange({ kind: 'target', target, previous });
  }

  /** Removes all that are not in a complete list. */
  retain(containerIds: ReadonlySet<string>): void {
    for (const id of this.#targets.keys()) {
      if (!containerIds.has(id)) this.remove(id);
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
