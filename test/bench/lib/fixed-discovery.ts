import type { Discovery, DiscoveryChange, DiscoveryStatus, Target } from '@plimsoll/collector';

/** A host whose containers are known beforehand and stay. */
export class FixedDiscovery implements Discovery {
  readonly #targets: readonly Target[];

  constructor(targets: readonly Target[]) {
    this.#targets = targets;
  }

  start(onChange: (change: DiscoveryChange) => void): void {
    for (const target of this.#targets) onChange({ kind: 'target', target, previous: undefined });
    onChange({ kind: 'synced' });
  }

  async stop(): Promise<void> {
    // Nothing was started.
  }

  targets(): readonly Target[] {
    return this.#targets;
  }

  find(containerId: string): Target | undefined {
    return this.#targets.find(({ dockerId }) => dockerId === containerId);
  }

  status(): DiscoveryStatus {
    return { state: 'connected', version: 'fixed', root: '', reason: '' };
  }

  bookmark(): string {
    return '';
  }
}
