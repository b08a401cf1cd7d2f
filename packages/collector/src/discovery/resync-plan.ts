/**
 * Which containers of a complete list are to be inspected: those that changed without an event being
 * seen, and those with a health check, whose failing streak grows without an event.
 */
import type { ListedContainer } from './docker-client.ts';
import type { TargetRegistry } from './target-registry.ts';

/** Healthy containers per list: an inspection costs the daemon and us some 0.4 ms. */
const maxHealthy = 20;
const maxUnhealthy = 200;

export class ResyncPlan {
  readonly #registry: TargetRegistry;
  #turn = 0;

  constructor(registry: TargetRegistry) {
    this.#registry = registry;
  }

  due(listed: readonly ListedContainer[]): string[] {
    const changed = listed.filter((container) => this.#hasChanged(container));
    const checked = listed.filter(({ health }) => health !== '');
    const healthy = checked.filter(({ health }) => health === 'healthy');
    const unhealthy = checked.filter(({ health }) => health !== 'healthy');
    this.#turn += 1;
    const refreshed = [
      ...inTurn(unhealthy, maxUnhealthy, this.#turn),
      ...inTurn(healthy, maxHealthy, this.#turn),
    ].filter(({ id }) => this.#registry.get(id) !== undefined);
    return [...new Set([...changed, ...refreshed].map(({ id }) => id))];
  }

  #hasChanged({ id, state, health }: ListedContainer): boolean {
    const known = this.#registry.get(id);
    if (known) return known.state !== state || (health !== '' && known.health !== health);
    return !this.#registry.isExcluded(id) && !this.#registry.refuses(id);
  }
}

/** At most so many of them, others with every turn. */
function inTurn<T>(all: readonly T[], max: number, turn: number): T[] {
  if (all.length <= max) return [...all];
  const start = (turn * max) % all.length;
  return [...all.slice(start), ...all.slice(0, start)].slice(0, max);
}
