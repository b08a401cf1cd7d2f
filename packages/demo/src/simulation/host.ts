/** A simulated host: the sum of its containers, and what else runs on it. */
import { hostStatsValues, type HostStatsValues } from '@plimsoll/model';
import type { HostPlan } from '../fleet/plan.ts';
import { Random } from '../random.ts';
import { SimulatedContainer } from './container.ts';

const MiB = 1024 * 1024;
const systemMemoryBytes = 2600 * MiB;
const systemThreads = 480;

type HostCounter =
  'user' | 'system' | 'idle' | 'iowait' | 'switches' | 'forks' | 'received' | 'sent';

export class SimulatedHost {
  readonly plan: HostPlan;
  readonly containers: SimulatedContainer[];
  readonly #random: Random;
  readonly #counters: Record<HostCounter, number>;
  #load = 0;
  /** Kernel's count of OOM kills since boot. */
  oomKills = 0;

  constructor(plan: HostPlan, nowMs: number) {
    this.plan = plan;
    this.#random = new Random(plan.seed);
    this.containers = plan.containers.map((container) => new SimulatedContainer(container, nowMs));
    const uptime = (nowMs - plan.bootedAtMs) / 1000;
    this.#counters = {
      user: uptime * 2,
      system: uptime * 0.6,
      idle: uptime * (plan.cores - 2.7),
      iowait: uptime * 0.1,
      switches: uptime * 22_000,
      forks: uptime * 14,
      received: uptime * 2_200_000,
      sent: uptime * 3_100_000,
    };
  }

  /** After the containers have moved on. */
  step(seconds: number): void {
    const cores = this.#sum((container) => container.cores) + 0.3;
    const noise = 1 + 0.03 * this.#random.normal();
    this.#load = 0.9 * this.#load + 0.1 * cores * 1.2 * noise;
    this.#add('user', seconds * cores * 0.78);
    this.#add('system', seconds * cores * 0.22);
    this.#add('iowait', seconds * 0.04);
    this.#add('idle', seconds * Math.max(0, this.plan.cores - cores - 0.04));
    this.#add('switches', seconds * 9000 * (1 + cores));
    this.#add('forks', seconds * 12);
    this.#add('received', seconds * cores * 700_000);
    this.#add('sent', seconds * cores * 900_000);
  }

  values(disk: DiskSpace): HostStatsValues {
    const used = systemMemoryBytes + this.#sum((container) => container.memoryBytes);
    const total = this.plan.memoryBytes;
    const free = Math.max(0, total - used);
    const threads = systemThreads + this.#sum((container) => container.threads);
    const counter = this.#counters;
    return {
      ...nothing,
      memory_total_bytes: total,
      memory_free_bytes: Math.round(free * 0.6),
      memory_available_bytes: Math.round(free),
      memory_buffers_bytes: 180 * MiB,
      memory_cached_bytes: Math.round(free * 0.3),
      memory_shmem_bytes: 12 * MiB,
      memory_dirty_bytes: 3 * MiB,
      memory_slab_reclaimable_bytes: 700 * MiB,
      memory_slab_unreclaimable_bytes: 210 * MiB,
      memory_kernel_stack_bytes: threads * 16 * 1024,
      memory_page_tables_bytes: 90 * MiB,
      memory_percpu_bytes: 30 * MiB,
      swap_total_bytes: 0,
      swap_free_bytes: 0,
      cpu_cores: this.plan.cores,
      cpu_user_seconds_total: counter.user,
      cpu_nice_seconds_total: 0,
      cpu_system_seconds_total: counter.system,
      cpu_idle_seconds_total: counter.idle,
      cpu_iowait_seconds_total: counter.iowait,
      cpu_irq_seconds_total: 0,
      cpu_softirq_seconds_total: 0,
      cpu_steal_seconds_total: 0,
      context_switches_total: Math.round(counter.switches),
      forks_total: Math.round(counter.forks),
      processes_running: Math.max(1, Math.round(this.#load)),
      processes_blocked: 0,
      load1: this.#load,
      load5: this.#load * 0.98,
      load15: this.#load * 0.96,
      threads,
      threads_limit: 32_768,
      boot_time_seconds: Math.floor(this.plan.bootedAtMs / 1000),
      file_descriptors: 3000 + this.#sum((container) => container.descriptors),
      file_descriptors_limit: 1_048_576,
      conntrack_entries: Math.round(4000 + 9000 * this.#load),
      conntrack_entries_limit: 262_144,
      oom_kills_total: this.oomKills,
      network_receive_bytes_total: Math.round(counter.received),
      network_transmit_bytes_total: Math.round(counter.sent),
      docker_root_size_bytes: disk.sizeBytes,
      docker_root_available_bytes: disk.availableBytes,
      docker_root_inodes: disk.inodes,
      docker_root_inodes_free: disk.inodesFree,
      containers_running: this.containers.filter((container) => container.isRunning).length,
    };
  }

  #sum(value: (container: SimulatedContainer) => number): number {
    return this.containers.reduce((sum, container) => sum + value(container), 0);
  }

  #add(name: HostCounter, amount: number): void {
    this.#counters[name] += amount;
  }
}

export interface DiskSpace {
  sizeBytes: number;
  availableBytes: number;
  inodes: number;
  inodesFree: number;
}

// The keys are those of the table itself.
const nothing = Object.fromEntries(
  Object.keys(hostStatsValues).map((name) => [name, null]),
) as HostStatsValues;
