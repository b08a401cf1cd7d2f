/**
 * NVIDIA GPUs, through nvidia-smi where it is installed: rows of `gpu_stats`, the memory that each
 * container holds, and memory that the driver holds for processes that are gone. Errors that the
 * driver writes to the kernel log (Xid) are read there, see `kernel/gpu-xid.ts`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { HostStatsValue } from '@plimsoll/model';
import { containerIdsOf } from '../../kernel/container-of-path.ts';
import { encodeRows } from '../../publish/row-queue.ts';
import type { StatsRows } from '../../stats/rows.ts';
import { readKernelText } from '../kernel-text.ts';
import type { Signal, SignalContext } from '../signal.ts';
import { GoneMemory } from './gone-memory.ts';
import { memoryFoundEvent, memoryReleasedEvent, unreadableEvent } from './gpu-events.ts';
import { gpuColumns, gpuRow } from './gpu-rows.ts';
import { GpuUse, type Owner } from './gpu-use.ts';
import { findNvidiaSmi, NvidiaSmi, type SmiResult } from './nvidia-smi.ts';
import {
  gpuFields,
  type GpuProcess,
  parseGpus,
  parseProcesses,
  processFields,
} from './parse-smi.ts';

export interface GpuSignalOptions {
  /** Path of nvidia-smi, `auto` to look for it, or `off`. */
  readonly nvidiaSmi: string;
  readonly intervalMs: number;
  readonly proc: string;
  readonly onRows: (rows: StatsRows) => void;
  /** Of one run; without a persistence daemon the driver is loaded for each. */
  readonly timeoutMs?: number;
  /** Where `auto` looks; default: PATH. */
  readonly searchPath?: string;
}

const defaultTimeoutMs = 15_000;
/** While the program is not there, it is looked for again after this. */
const lookAgainMs = 600_000;
const format = '--format=csv,noheader,nounits';

type Health = 'unknown' | 'working' | 'failing';

export class GpuSignal implements Signal {
  readonly #context: SignalContext;
  readonly #options: GpuSignalOptions;
  #smi: NvidiaSmi | undefined;
  #use: GpuUse | undefined;
  #health: Health = 'unknown';
  readonly #gone = new GoneMemory();
  #reported = '';
  #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(context: SignalContext, options: GpuSignalOptions) {
    this.#context = context;
    this.#options = options;
  }

  start(): void {
    if (this.#loop || this.#options.nvidiaSmi === 'off') return;
    this.#stopping = new AbortController();
    this.#loop = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    this.#loop = undefined;
  }

  hostValues(): Readonly<Partial<Record<HostStatsValue, number>>> {
    return {};
  }

  /** Bytes on all GPUs as of the last reading; undefined for a container that holds none. */
  gpuMemoryOf(dockerId: string): number | undefined {
    return this.#use?.memoryOf(dockerId);
  }

  /** Container of a process that used a GPU at the last reading; it may have ended since. */
  containerOf(pid: number): string | undefined {
    return this.#use?.containerOf(pid);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    while (!signal.aborted) {
      this.#smi ??= this.#find();
      if (this.#smi) await this.#read(this.#smi, signal);
      const waitMs = this.#smi ? this.#options.intervalMs : lookAgainMs;
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  #find(): NvidiaSmi | undefined {
    const { nvidiaSmi, searchPath, timeoutMs = defaultTimeoutMs } = this.#options;
    const path = nvidiaSmi === 'auto' ? findNvidiaSmi(searchPath) : nvidiaSmi;
    return path === undefined ? undefined : new NvidiaSmi(path, { timeoutMs });
  }

  async #read(smi: NvidiaSmi, signal: AbortSignal): Promise<void> {
    const gpus = await smi.run([`--query-gpu=${gpuFields.join(',')}`, format], signal);
    if (gpus.kind === 'failed') {
      this.#fail(gpus);
      return;
    }
    const apps = await smi.run([`--query-compute-apps=${processFields.join(',')}`, format], signal);
    if (signal.aborted) return;
    const readings = parseGpus(gpus.text);
    const processes = apps.kind === 'output' ? parseProcesses(apps.text) : undefined;
    this.#use = processes && new GpuUse(processes.rows, this.#owners());
    this.#report([...readings.problems, ...(processes?.problems ?? [])]);
    if (apps.kind === 'failed') this.#fail(apps);
    else this.#health = 'working';
    this.#publish(readings.rows);
    if (this.#use) this.#followGone(this.#use.gone());
  }

  #publish(readings: ReturnType<typeof parseGpus>['rows']): void {
    if (readings.length === 0) return;
    const { tenant, host, clock } = this.#context;
    const timeMs = clock.now();
    const rows = readings.map((reading) => gpuRow(reading, this.#use, { tenant, host, timeMs }));
    this.#options.onRows(encodeRows('gpu_stats', gpuColumns, rows));
  }

  /** Who a process belongs to; each is looked up once per reading. */
  #owners(): (pid: number) => Owner {
    const known = new Set(this.#context.targets().map(({ dockerId }) => dockerId));
    return (pid) => {
      const directory = join(this.#options.proc, String(pid));
      if (!existsSync(directory)) return 'gone';
      const ids = containerIdsOf(readKernelText(join(directory, 'cgroup')));
      const containerId = ids.find((id) => known.has(id));
      return containerId === undefined ? undefined : { containerId };
    };
  }

  /** Told when it begins to fail; a program that went away is looked for again. */
  #fail({ code, reason }: Extract<SmiResult, { kind: 'failed' }>): void {
    if (code === 'stopped') return;
    this.#use = undefined;
    if (code === 'absent') {
      this.#smi = undefined;
      if (this.#options.nvidiaSmi === 'auto') return;
    }
    const before = this.#health;
    this.#health = 'failing';
    if (before === 'failing') return;
    this.#context.logger.warn({ reason }, 'The GPUs were not read.');
    const hasWorked = before === 'working';
    this.#context.onEvent(unreadableEvent({ code, reason, hasWorked }, this.#context));
  }

  #followGone(gone: readonly GpuProcess[]): void {
    const context = this.#context;
    const { found, released } = this.#gone.take(gone, context.clock.now());
    for (const each of found) context.onEvent(memoryFoundEvent(each, context));
    for (const each of released) context.onEvent(memoryReleasedEvent(each, context));
  }

  #report(problems: readonly string[]): void {
    const text = problems.join('; ');
    if (text !== '' && text !== this.#reported) {
      this.#context.logger.warn({ problems }, 'Some output of nvidia-smi was not understood.');
    }
    this.#reported = text;
  }
}
