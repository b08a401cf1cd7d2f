/**
 * One container through time. Each step moves its state on by some seconds; the values after a step
 * are what a collector would read at that moment. The history and the live files come from the same
 * object, so the one goes on where the other ended.
 */
import { containerStatsValues, type ContainerStatsValues } from '@plimsoll/model';
import type { ContainerPlan } from '../fleet/plan.ts';
import { Random } from '../random.ts';
import { dailyLoad } from './load.ts';
import { Memory } from './memory.ts';

const hourMs = 3_600_000;
/** Docker waits before it starts a container anew; more with each failure, here always as long. */
const restartDelayMs = 25_000;

export type ContainerChange =
  | {
      kind: 'died';
      timeMs: number;
      exitCode: number;
      isOomKilled: boolean;
      memoryBytes: number;
      pid: number;
    }
  | { kind: 'started'; timeMs: number }
  | { kind: 'health'; timeMs: number; health: Health };

export type Health = '' | 'healthy' | 'unhealthy';

export class SimulatedContainer {
  readonly plan: ContainerPlan;
  readonly random: Random;
  readonly #memory: Memory;
  readonly #troubleAtMs: number;
  /** One object for all time, as a history has hundreds of thousands of moments. */
  readonly #values: ContainerStatsValues = { ...nothing };
  #cores = 0;
  #timeMs = 0;
  pid: number;
  startedAtMs: number;
  finishedAtMs = 0;
  exitCode = 0;
  isOomKilled = false;
  isRunning = true;
  restartCount = 0;
  health: Health;
  failingStreak = 0;
  load = 0.5;
  /** Bytes of the log files, kept by whoever writes them. */
  logBytes = 0;

  /** @param nowMs When the history ends: stories that began lately count from here. */
  constructor(plan: ContainerPlan, nowMs: number) {
    this.plan = plan;
    this.random = new Random(plan.seed);
    this.pid = plan.pid;
    this.startedAtMs = plan.createdAtMs + 800;
    this.health = plan.service.hasHealthCheck ? 'healthy' : '';
    this.#memory = new Memory(plan, this.random);
    this.#troubleAtMs = nowMs - troubleAgoMs(plan);
  }

  isFlooding(timeMs: number): boolean {
    return this.plan.story === 'log-flood' && timeMs >= this.#troubleAtMs;
  }

  /** False before it was created: nothing is known of it then. */
  exists(timeMs: number): boolean {
    return timeMs >= this.startedAtMs || this.finishedAtMs > 0;
  }

  /** Moves on to `timeMs`, `seconds` after the step before. */
  step(timeMs: number, seconds: number): ContainerChange[] {
    const changes: ContainerChange[] = [];
    this.#timeMs = timeMs;
    if (!this.isRunning) {
      if (timeMs < this.finishedAtMs + restartDelayMs) return changes;
      this.#restart(timeMs);
      changes.push({ kind: 'started', timeMs });
    }
    const noise = 1 + 0.06 * this.random.normal();
    this.load = Math.max(0.05, dailyLoad(timeMs, this.plan.peakHour) * noise);
    this.#memory.step({
      seconds,
      ageMs: timeMs - this.startedAtMs,
      load: this.load,
      isTroubled: timeMs >= this.#troubleAtMs,
    });
    this.#count(seconds);
    this.#checkHealth(timeMs, changes);
    if (this.#memory.isExhausted) changes.push(this.#kill(timeMs));
    return changes;
  }

  get cores(): number {
    return this.isRunning ? this.#cores : 0;
  }

  get memoryBytes(): number {
    return this.isRunning ? this.#memory.usageBytes : 0;
  }

  get descriptors(): number {
    const { service, story } = this.plan;
    const idle = service.descriptors * (0.8 + 0.2 * this.load);
    const ageHours = Math.max(0, (this.#timeMs - this.startedAtMs) / hourMs);
    return Math.round(story === 'descriptor-leak' ? idle + 36 * ageHours : idle);
  }

  get threads(): number {
    return Math.max(1, Math.round(this.plan.service.threads * (0.9 + 0.1 * this.load)));
  }

  /** Everything a collector would read now. The same object at each call, with new values. */
  values(): Readonly<ContainerStatsValues> {
    const values = this.#values;
    const sockets = Math.round(6 + 40 * this.load);
    const threads = this.threads;
    this.#memory.write(values);
    values.cpu_limit_cores = this.plan.service.coresLimit;
    values.cpu_shares = 1024;
    values.pids_current = threads;
    values.pids_limit = 512;
    values.pids_limit_hits_total = 0;
    values.processes = 1;
    values.threads = threads;
    values.file_descriptors = this.descriptors;
    values.file_descriptors_limit = 1024;
    values.sockets_in_use = sockets + 4;
    values.tcp_sockets_in_use = sockets;
    values.tcp_sockets_time_wait = Math.round(12 * this.load);
    values.udp_sockets_in_use = 1;
    values.cgroup_dying_descendants = 0;
    values.log_bytes = this.logBytes;
    values.restarts_total = this.restartCount;
    return values;
  }

  #count(seconds: number): void {
    const { service, story } = this.plan;
    const wanted = service.cores * (0.25 + 0.75 * this.load) * (story === 'oom-loop' ? 1.3 : 1);
    const limit = service.coresLimit;
    const isThrottled = story === 'throttled';
    this.#cores = isThrottled ? limit * 0.97 : Math.min(wanted, limit * 0.6);
    const periods = seconds * 10 * Math.min(1, 0.3 + this.load);
    const throttled = periods * (isThrottled ? 0.55 + 0.1 * this.load : 0.004 * this.load);
    const waiting = seconds * this.#cores * 0.02;
    const requests = seconds * 40 * this.load * service.cores;
    this.#add('cpu_usage_seconds_total', seconds * this.#cores);
    this.#add('cpu_user_seconds_total', seconds * this.#cores * 0.78);
    this.#add('cpu_system_seconds_total', seconds * this.#cores * 0.22);
    this.#add('cpu_periods_total', periods);
    this.#add('cpu_throttled_periods_total', throttled);
    this.#add('cpu_throttled_seconds_total', throttled * 0.045);
    this.#add('cpu_pressure_waiting_seconds_total', waiting + throttled * 0.04);
    this.#add('cpu_pressure_stalled_seconds_total', throttled * 0.02);
    this.#add('memory_pressure_waiting_seconds_total', seconds * this.#memory.pressure * 0.05);
    this.#add('memory_pressure_stalled_seconds_total', seconds * this.#memory.pressure * 0.02);
    this.#add('io_pressure_waiting_seconds_total', seconds * 0.003 * this.load);
    this.#add('io_pressure_stalled_seconds_total', seconds * 0.001 * this.load);
    this.#add('memory_limit_hits_total', this.#memory.pressure > 0.5 ? seconds * 0.2 : 0);
    this.#add('memory_oom_total', 0);
    this.#add('memory_oom_kills_total', 0);
    this.#add('memory_page_faults_total', requests * 30);
    this.#add('memory_major_page_faults_total', requests * 0.01);
    this.#add('memory_refaults_total', requests * 0.02);
    this.#add('io_read_bytes_total', requests * 900);
    this.#add('io_write_bytes_total', requests * 2600);
    this.#add('io_reads_total', requests * 0.1);
    this.#add('io_writes_total', requests * 0.6);
    this.#add('network_receive_bytes_total', requests * 1800);
    this.#add('network_receive_packets_total', requests * 9);
    this.#add('network_transmit_bytes_total', requests * 7400);
    this.#add('network_transmit_packets_total', requests * 11);
    this.#add('tcp_retransmitted_segments_total', requests * 0.002);
    this.#add('tcp_connection_resets_total', requests * 0.001);
    this.#add('tcp_timeouts_total', requests * 0.0005);
    for (const name of quietCounters) this.#add(name, 0);
  }

  #add(name: keyof ContainerStatsValues, amount: number): void {
    this.#values[name] = (this.#values[name] ?? 0) + amount;
  }

  #checkHealth(timeMs: number, changes: ContainerChange[]): void {
    if (this.plan.story !== 'unhealthy' || timeMs < this.#troubleAtMs) return;
    this.failingStreak = 3 + Math.floor((timeMs - this.#troubleAtMs) / 30_000);
    if (this.health === 'unhealthy') return;
    this.health = 'unhealthy';
    changes.push({ kind: 'health', timeMs, health: 'unhealthy' });
  }

  #kill(timeMs: number): ContainerChange {
    const memoryBytes = this.#memory.usageBytes;
    this.isRunning = false;
    this.isOomKilled = true;
    this.exitCode = 137;
    this.finishedAtMs = timeMs;
    return { kind: 'died', timeMs, exitCode: 137, isOomKilled: true, memoryBytes, pid: this.pid };
  }

  /** A new life: the counters of its control group begin anew. */
  #restart(timeMs: number): void {
    this.isRunning = true;
    this.isOomKilled = false;
    this.restartCount++;
    this.startedAtMs = timeMs;
    this.pid += 1;
    Object.assign(this.#values, nothing);
    this.#memory.restart();
  }
}

/** How long before the end of the history a story begins that does not grow with age. */
function troubleAgoMs({ story }: ContainerPlan): number {
  switch (story) {
    case 'oom-loop':
      return 1.5 * hourMs;
    case 'log-flood':
      return hourMs / 15;
    case 'unhealthy':
      return 0.6 * hourMs;
    default:
      return 0;
  }
}

const quietCounters = [
  'network_receive_errors_total',
  'network_receive_dropped_total',
  'network_transmit_errors_total',
  'network_transmit_dropped_total',
  'tcp_listen_overflows_total',
  'tcp_listen_drops_total',
] as const;

// The keys are those of the table itself.
const nothing = Object.fromEntries(
  Object.keys(containerStatsValues).map((name) => [name, null]),
) as ContainerStatsValues;
