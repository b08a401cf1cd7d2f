import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { EventRow } from '@plimsoll/model';
import { silentLogger, systemClock } from '@plimsoll/runtime';
import type { DiscoveryChange } from '../../src/discovery/discovery.ts';
import {
  DockerDiscovery,
  type DockerDiscoveryOptions,
} from '../../src/discovery/docker-discovery.ts';
import { FakeDocker } from './fake-docker.ts';

/** A daemon that is not running yet, and discovery of what it has. */
export class DockerWorld {
  readonly #folder = mkdtempSync(join(tmpdir(), 'plimsoll-docker-'));
  readonly docker = new FakeDocker(join(this.#folder, 'docker.sock'));
  changes: DiscoveryChange[] = [];
  discovery: DockerDiscovery | null = null;

  start(options: Partial<DockerDiscoveryOptions> = {}): DockerDiscovery {
    const discovery = new DockerDiscovery({
      socketPath: this.docker.socketPath,
      tenant: 'default',
      host: 'host-a',
      resyncIntervalMs: 60_000,
      clock: systemClock,
      logger: silentLogger(),
      absentRetryMs: 20,
      ...options,
    });
    this.discovery = discovery;
    discovery.start((change) => this.changes.push(change));
    return discovery;
  }

  async end(): Promise<void> {
    await this.discovery?.stop();
    await this.docker.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  events(): EventRow[] {
    return this.changes.flatMap((change) => (change.kind === 'event' ? [change.event] : []));
  }

  async synced(): Promise<void> {
    await until('a sync', () => this.changes.some(({ kind }) => kind === 'synced'));
  }
}

export function id(number: number): string {
  return number.toString(16).padStart(64, '0');
}

export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`expected ${what} within 10 s`);
    await wait(5);
  }
}
