import type { Discovery, DiscoveryChange, DiscoveryStatus } from './discovery.ts';

/** For a host whose containers are not to be watched: knows of none. */
export class NoDiscovery implements Discovery {
  start(onChange: (change: DiscoveryChange) => void): void {
    onChange({ kind: 'synced' });
  }

  async stop(): Promise<void> {
    // Nothing was started.
  }

  targets(): readonly [] {
    return [];
  }

  find(): undefined {
    return undefined;
  }

  status(): DiscoveryStatus {
    return { state: 'absent', version: '', root: '', reason: 'collector.docker.enabled is false' };
  }

  bookmark(): string {
    return '';
  }
}
