/**
 * Several discoveries as one: containers of Docker and of pods on the same host.
 *
 * - It is synced when each is, or has none to find; a runtime that is not there never syncs.
 * - Its state is the worst of those that are there, with the reasons of all that are not connected;
 *   one that is absent beside another says nothing.
 * - A container that two know is that of the first.
 */
import type { Target } from '../target.ts';
import type { Discovery, DiscoveryChange, DiscoveryState, DiscoveryStatus } from './discovery.ts';

interface Part {
  readonly name: string;
  readonly discovery: Discovery;
  isSettled: boolean;
  hasSynced: boolean;
}

export interface NamedDiscovery {
  /** Stands before its reasons, such as `docker`. */
  readonly name: string;
  readonly discovery: Discovery;
}

export class CompositeDiscovery implements Discovery {
  readonly #parts: readonly Part[];
  #onChange: (change: DiscoveryChange) => void = () => undefined;
  #told: DiscoveryStatus | undefined;
  #hasSynced = false;

  /** The first is the one whose version and bookmark count. */
  constructor(discoveries: readonly NamedDiscovery[]) {
    this.#parts = discoveries.map((each) => ({ ...each, isSettled: false, hasSynced: false }));
  }

  async start(onChange: (change: DiscoveryChange) => void): Promise<void> {
    this.#onChange = onChange;
    for (const part of this.#parts) part.isSettled = part.hasSynced = false;
    this.#hasSynced = false;
    await Promise.all(
      this.#parts.map(async (part) => {
        await part.discovery.start((change) => {
          this.#take(part, change);
        });
      }),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#parts.map(async ({ discovery }) => {
        await discovery.stop();
      }),
    );
  }

  targets(): readonly Target[] {
    const found = new Map<string, Target>();
    for (const { discovery } of this.#parts) {
      for (const target of discovery.targets()) {
        if (!found.has(target.dockerId)) found.set(target.dockerId, target);
      }
    }
    return [...found.values()];
  }

  /** One that exists goes before one that was removed. */
  find(containerId: string): Target | undefined {
    const found = this.#parts
      .map(({ discovery }) => discovery.find(containerId))
      .filter((target) => target !== undefined);
    return found.find(({ state }) => state !== 'removed') ?? found[0];
  }

  status(): DiscoveryStatus {
    return mergeStatus(
      this.#parts.map(({ name, discovery }) => ({ name, status: discovery.status() })),
    );
  }

  lastEventMs(): number {
    return Math.max(0, ...this.#parts.map(({ discovery }) => discovery.lastEventMs?.() ?? 0));
  }

  bookmark(): string {
    for (const { discovery } of this.#parts) {
      const bookmark = discovery.bookmark();
      if (bookmark !== '') return bookmark;
    }
    return '';
  }

  #take(part: Part, change: DiscoveryChange): void {
    switch (change.kind) {
      case 'synced':
        this.#settle(part, true);
        return;
      case 'status':
        this.#tellStatus();
        if (change.status.state === 'absent') this.#settle(part, false);
        return;
      case 'target':
      case 'expected':
      case 'event':
        this.#onChange(change);
        return;
      default:
        change satisfies never;
    }
  }

  /** Once when nothing is awaited any more; again when one that came later has synced. */
  #settle(part: Part, isSync: boolean): void {
    part.isSettled = true;
    part.hasSynced ||= isSync;
    const isReady =
      this.#parts.every(({ isSettled }) => isSettled) &&
      this.#parts.some(({ hasSynced }) => hasSynced);
    if (!isReady || (this.#hasSynced && !isSync)) return;
    this.#hasSynced = true;
    this.#onChange({ kind: 'synced' });
  }

  #tellStatus(): void {
    const status = this.status();
    if (this.#told && isSame(this.#told, status)) return;
    this.#told = status;
    this.#onChange({ kind: 'status', status });
  }
}

interface NamedStatus {
  readonly name: string;
  readonly status: DiscoveryStatus;
}

const severity: Readonly<Record<DiscoveryState, number>> = {
  absent: 0,
  connected: 1,
  unreachable: 2,
};

export function mergeStatus(parts: readonly NamedStatus[]): DiscoveryStatus {
  const states = parts.map(({ status }) => status.state);
  const state = states.toSorted((a, b) => severity[b] - severity[a])[0] ?? 'absent';
  const spoken = parts.filter(({ status }) => status.state === state && status.reason !== '');
  const problems = parts.flatMap(({ name, status }) =>
    (status.problems ?? []).map((problem) => `${name}: ${problem}`),
  );
  return {
    state,
    version: firstOf(parts, 'version'),
    root: firstOf(parts, 'root'),
    reason:
      state === 'connected'
        ? ''
        : spoken.map(({ name, status }) => `${name}: ${status.reason}`).join('; '),
    ...sumOf(parts, 'excluded'),
    ...sumOf(parts, 'refused'),
    ...(problems.length > 0 && { problems }),
  };
}

/** Of those that are connected, then of any. */
function firstOf(parts: readonly NamedStatus[], field: 'version' | 'root'): string {
  const values = parts
    .toSorted(
      (a, b) => Number(b.status.state === 'connected') - Number(a.status.state === 'connected'),
    )
    .map(({ status }) => status[field]);
  return values.find((value) => value !== '') ?? '';
}

function sumOf(
  parts: readonly NamedStatus[],
  field: 'excluded' | 'refused',
): Pick<DiscoveryStatus, 'excluded' | 'refused'> {
  const sum = parts.reduce((total, { status }) => total + (status[field] ?? 0), 0);
  return sum > 0 ? { [field]: sum } : {};
}

function isSame(a: DiscoveryStatus, b: DiscoveryStatus): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
