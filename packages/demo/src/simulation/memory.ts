/** Memory of one container, split as the kernel splits it. */
import type { ContainerStatsValues } from '@plimsoll/model';
import type { ContainerPlan } from '../fleet/plan.ts';
import type { Random } from '../random.ts';

const MiB = 1024 * 1024;
const hourMs = 3_600_000;
/** Of the leak, before each replica's own share of the traffic. */
const leakBytesPerHour = 19 * MiB;

export interface MemoryStep {
  seconds: number;
  ageMs: number;
  load: number;
  /** The container's story has begun. */
  isTroubled: boolean;
}

export class Memory {
  readonly #plan: ContainerPlan;
  readonly #random: Random;
  /** Share of the traffic that this replica gets. */
  readonly #share: number;
  readonly #gcPeriodMs: number;
  #anon = 0;
  #file: number;
  #drift = 0;
  #peak = 0;
  #sock = 0;
  isExhausted = false;

  constructor(plan: ContainerPlan, random: Random) {
    this.#plan = plan;
    this.#random = random;
    this.#share = random.between(0.85, 1.15);
    this.#gcPeriodMs = random.between(90_000, 420_000);
    this.#file = plan.service.memoryBytes * 0.2;
  }

  step(step: MemoryStep): void {
    const { memoryBytes: base, memoryLimitBytes: limit } = this.#plan.service;
    this.#drift = 0.97 * this.#drift + 0.004 * this.#random.normal();
    const warm = 1 - 0.45 * Math.exp(-step.ageMs / (0.25 * hourMs));
    const garbage = ((step.ageMs % this.#gcPeriodMs) / this.#gcPeriodMs) * 0.12;
    const busy = 0.86 + 0.08 * step.load + this.#drift + garbage;
    this.#anon =
      this.#plan.story === 'near-limit'
        ? limit * (0.925 + 0.2 * this.#drift)
        : base * busy * warm + this.#extra(step);
    this.#sock = Math.round(24_000 * step.load);
    // Cache takes what is left, slowly, and gives way to everything else.
    const room = Math.max(0, limit * 0.94 - this.#anon - this.#kernel());
    const wanted = Math.min(room, base * 0.55);
    this.#file += (wanted - this.#file) * Math.min(1, step.seconds / 7200);
    this.#file = Math.min(this.#file, room);
    this.isExhausted = this.#unreclaimable() >= limit * 0.995;
    this.#peak = Math.max(this.#peak, this.usageBytes);
  }

  restart(): void {
    this.#anon = 0;
    this.#peak = 0;
    this.isExhausted = false;
  }

  get usageBytes(): number {
    return Math.min(
      this.#plan.service.memoryLimitBytes,
      Math.round(this.#anon + this.#file + this.#kernel() + this.#sock),
    );
  }

  /** 0 with room to spare, 1 at the limit. */
  get pressure(): number {
    const ratio = this.#unreclaimable() / this.#plan.service.memoryLimitBytes;
    return Math.max(0, Math.min(1, (ratio - 0.9) * 10));
  }

  write(values: ContainerStatsValues): void {
    const anon = Math.round(this.#anon);
    const file = Math.round(this.#file);
    const kernel = Math.round(this.#kernel());
    const reclaimable = Math.round(kernel * 0.3);
    const usage = this.usageBytes;
    values.memory_usage_bytes = usage;
    values.memory_working_set_bytes = Math.max(0, usage - Math.round(file * 0.6));
    values.memory_anon_bytes = anon;
    values.memory_file_bytes = file;
    values.memory_mapped_file_bytes = Math.round(file * 0.25);
    values.memory_shmem_bytes = 0;
    values.memory_kernel_bytes = kernel;
    values.memory_slab_reclaimable_bytes = reclaimable;
    values.memory_slab_unreclaimable_bytes = Math.round(kernel * 0.35);
    values.memory_sock_bytes = this.#sock;
    values.memory_unreclaimable_bytes = anon + kernel + this.#sock - reclaimable;
    values.memory_swap_bytes = 0;
    values.memory_peak_bytes = Math.round(this.#peak);
    values.memory_limit_bytes = this.#plan.service.memoryLimitBytes;
    values.memory_soft_limit_bytes = 0;
  }

  /** What the container's story adds to its ordinary memory. */
  #extra({ ageMs, isTroubled }: MemoryStep): number {
    switch (this.#plan.story) {
      case 'memory-leak':
        return leakBytesPerHour * this.#share * (ageMs / hourMs);
      case 'oom-loop':
        return isTroubled ? (ageMs / 110_000) * this.#plan.service.memoryLimitBytes * 0.8 : 0;
      default:
        return 0;
    }
  }

  #kernel(): number {
    return 2.2 * MiB + this.#plan.service.threads * 40_000;
  }

  #unreclaimable(): number {
    return this.#anon + this.#kernel() * 0.7 + this.#sock;
  }
}
