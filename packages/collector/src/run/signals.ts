/** What is watched beside logs and control groups, as configured. */
import type { EventRow, HostStatsValue } from '@plimsoll/model';
import type { Clock, Config, Logger } from '@plimsoll/runtime';
import type { Discovery } from '../discovery/discovery.ts';
import type { RowBatch } from '../publish/row-queue.ts';
import { SecurityProbe } from '../security/security-probe.ts';
import { DaemonSignal } from '../signals/daemon/daemon-signal.ts';
import { OrphanSignal } from '../signals/orphans/orphan-signal.ts';
import { GpuSignal } from '../signals/gpu/gpu-signal.ts';
import type { Signal, SignalContext } from '../signals/signal.ts';
import type { Target } from '../target.ts';

export interface SignalsOptions {
  config: Config['collector'];
  tenant: string;
  clock: Clock;
  logger: Logger;
  discovery: Discovery;
  onEvent: (event: EventRow) => void;
  onRows: (rows: RowBatch) => void;
  /** What is known of a container's isolation changed: its row is to be written again. */
  onTarget: (target: Target) => void;
}

export class Signals {
  readonly #security: SecurityProbe;
  readonly #orphans: OrphanSignal | null;
  readonly #gpu: GpuSignal;
  readonly #all: readonly Signal[];

  constructor(options: SignalsOptions) {
    const { config, tenant, clock, logger, discovery, onEvent } = options;
    const context: SignalContext = {
      tenant,
      host: config.host,
      clock,
      logger,
      targets: () => discovery.targets(),
      onEvent,
    };
    const daemon = config.docker.enabled && config.docker.probe.enabled;
    const docker = daemon ? makeDaemonSignal(context, options) : null;
    this.#orphans = config.orphans.enabled ? makeOrphanSignal(context, config, docker) : null;
    this.#security = new SecurityProbe({
      ...context,
      proc: config.roots.proc,
      onActual: options.onTarget,
    });
    this.#gpu = new GpuSignal(context, {
      nvidiaSmi: config.gpu.nvidia_smi,
      intervalMs: config.gpu.interval,
      proc: config.roots.proc,
      onRows: options.onRows,
    });
    this.#all = [docker, this.#orphans, this.#security, this.#gpu].filter(
      (signal) => signal !== null,
    );
  }

  start(): void {
    for (const signal of this.#all) signal.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((signal) => signal.stop()));
  }

  hostValues(): Readonly<Partial<Record<HostStatsValue, number>>> {
    let values: Partial<Record<HostStatsValue, number>> = {};
    for (const signal of this.#all) values = { ...values, ...signal.hostValues() };
    return values;
  }

  /** The `actual_…` keys of `targets.security`. */
  actualSecurityOf(target: Target): Readonly<Record<string, string>> {
    return this.#security.actualOf(target);
  }

  /** Bytes of GPU memory that a container's processes hold; undefined for none. */
  gpuMemoryOf(containerId: string): number | undefined {
    return this.#gpu.gpuMemoryOf(containerId);
  }

  /** Container of a process that used a GPU at the last reading. */
  gpuContainerOf(pid: number): string | undefined {
    return this.#gpu.containerOf(pid);
  }

  /** What is not collected here, and why: a sentence each. */
  problems(): string[] {
    const orphans = this.#orphans?.problem ?? '';
    return [...this.#security.missing(), ...(orphans === '' ? [] : [orphans])];
  }
}

function makeDaemonSignal(context: SignalContext, options: SignalsOptions): DaemonSignal {
  const { config, discovery } = options;
  return new DaemonSignal(context, {
    socketPath: config.docker.socket,
    intervalMs: config.docker.probe.interval,
    deadlineMs: config.docker.probe.deadline,
    roots: config.roots,
    lastEventMs: () =>
      discovery.status().state === 'connected' ? discovery.lastEventMs?.() : undefined,
  });
}

function makeOrphanSignal(
  context: SignalContext,
  config: Config['collector'],
  docker: DaemonSignal | null,
): OrphanSignal {
  return new OrphanSignal(context, {
    roots: config.roots,
    socketPath: config.docker.enabled ? config.docker.socket : undefined,
    intervalMs: config.orphans.interval,
    graceMs: config.orphans.grace,
    runtimePids: () => docker?.runtimePids() ?? [],
  });
}
