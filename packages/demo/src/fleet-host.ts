/** One simulated host: its model, its files, its logs, and the way its past takes into storage. */
import { mkdirSync } from 'node:fs';
import type { HostPlan } from './fleet/plan.ts';
import { makeCgroup, removeCgroup, writeCgroup } from './files/cgroup-files.ts';
import { containerFolder, logPath, writeDockerFiles } from './files/docker-files.ts';
import { makeHostFiles, writeHostFiles } from './files/host-files.ts';
import { hostFolder, makeHostFolder, type HostFolder } from './files/host-folder.ts';
import { KernelLog } from './files/kmsg.ts';
import { makeProcess, removeProcess, writeProcess } from './files/process-files.ts';
import type { HistoryPublisher } from './history/history-publisher.ts';
import { HistoryRows } from './history/rows.ts';
import { writeLastWords, writeLog } from './logs/container-log.ts';
import { LogWriter } from './logs/log-writer.ts';
import type { ContainerChange, SimulatedContainer } from './simulation/container.ts';
import { SimulatedHost, type DiskSpace } from './simulation/host.ts';

/** As the containers' own log options say. */
const logMaxBytes = 100 * 1024 * 1024;
const logMaxFiles = 3;
/** Lines of the past are written together. */
const pastWriteBytes = 256 * 1024;
/** The daemon notes a failing check each time; here a little more seldom. */
const healthIntervalMs = 30_000;

export interface FleetHostOptions {
  plan: HostPlan;
  directory: string;
  tenant: string;
  disk: DiskSpace;
  history: HistoryPublisher;
  /** End of the history. */
  nowMs: number;
}

export interface Span {
  fromMs: number;
  toMs: number;
}

export class FleetHost {
  readonly name: string;
  readonly folder: HostFolder;
  readonly history: HistoryPublisher;
  readonly #host: SimulatedHost;
  readonly #disk: DiskSpace;
  readonly #rows: HistoryRows;
  readonly #kernelLog: KernelLog;
  readonly #logs = new Map<string, LogWriter>();
  readonly #known = new Set<string>();
  #healthWrittenMs = 0;

  constructor(options: FleetHostOptions) {
    const { plan, directory, tenant, disk, history, nowMs } = options;
    this.name = plan.name;
    this.folder = hostFolder(directory, plan.name);
    this.history = history;
    this.#disk = disk;
    this.#host = new SimulatedHost(plan, nowMs);
    this.#rows = new HistoryRows(history, tenant, disk);
    this.#kernelLog = new KernelLog(this.folder.kmsg);
  }

  /** Folders and log files, empty. */
  make(): void {
    makeHostFolder(this.folder);
    makeHostFiles(this.folder, this.#host.plan);
    for (const { plan } of this.#host.containers) {
      mkdirSync(containerFolder(this.folder, plan.id), { recursive: true });
      const path = logPath(this.folder, plan.id);
      const writer = new LogWriter({ path, maxBytes: logMaxBytes, maxFiles: logMaxFiles });
      this.#logs.set(plan.id, writer);
    }
  }

  /** One step of the past. */
  past(span: Span): void {
    const { toMs } = span;
    for (const container of this.#host.containers) {
      if (!container.exists(toMs)) continue;
      this.#meet(container, span);
      for (const change of this.#step(container, span)) this.#rows.addChange(container, change);
      this.#log(container, span, pastWriteBytes);
      if (container.isRunning) this.#rows.addContainer(container, toMs);
    }
    this.#host.step((toMs - span.fromMs) / 1000);
    this.#rows.addHost(this.#host, toMs);
  }

  /** The state that the past ended with, as files. */
  beginLive(): void {
    for (const writer of this.#logs.values()) writer.flush();
    for (const container of this.#host.containers) {
      if (container.isRunning) this.#makeLife(container);
      writeDockerFiles(this.folder, container);
    }
    writeHostFiles(this.folder, this.#host.values(this.#disk));
  }

  /** One step of the present. */
  live(span: Span): void {
    for (const container of this.#host.containers) {
      for (const change of this.#step(container, span)) this.#show(container, change);
      if (!container.isRunning) continue;
      writeCgroup(this.folder, container);
      writeProcess(this.folder, container);
    }
    this.#host.step((span.toMs - span.fromMs) / 1000);
    writeHostFiles(this.folder, this.#host.values(this.#disk));
    if (span.toMs - this.#healthWrittenMs >= healthIntervalMs) this.#showHealth(span.toMs);
  }

  /** Lines of the present. */
  liveLogs(span: Span): void {
    for (const container of this.#host.containers) this.#log(container, span, 1);
  }

  close(): void {
    for (const writer of this.#logs.values()) writer.close();
    this.#logs.clear();
  }

  #meet(container: SimulatedContainer, { fromMs }: Span): void {
    const { id } = container.plan;
    if (this.#known.has(id)) return;
    this.#known.add(id);
    if (container.startedAtMs > fromMs) this.#rows.addCreation(container);
  }

  #step(container: SimulatedContainer, { fromMs, toMs }: Span): ContainerChange[] {
    const writer = this.#logs.get(container.plan.id);
    container.logBytes = writer?.bytes ?? 0;
    const changes = container.step(toMs, (toMs - fromMs) / 1000);
    for (const change of changes) {
      if (change.kind !== 'died') continue;
      this.#host.oomKills++;
      if (writer) writeLastWords(container, writer, toMs);
    }
    return changes;
  }

  #log(container: SimulatedContainer, span: Span, minBytes: number): void {
    const writer = this.#logs.get(container.plan.id);
    if (!writer) return;
    writeLog(container, writer, span);
    writer.flush(minBytes);
  }

  #show(container: SimulatedContainer, change: ContainerChange): void {
    const { plan } = container;
    if (change.kind === 'died') {
      this.#kernelLog.oomKill({ plan, pid: change.pid, memoryBytes: change.memoryBytes });
      removeCgroup(this.folder, plan.id);
      removeProcess(this.folder, change.pid);
    }
    if (change.kind === 'started') this.#makeLife(container);
    writeDockerFiles(this.folder, container);
  }

  #makeLife(container: SimulatedContainer): void {
    makeCgroup(this.folder, container);
    makeProcess(this.folder, container);
    writeCgroup(this.folder, container);
    writeProcess(this.folder, container);
  }

  #showHealth(timeMs: number): void {
    this.#healthWrittenMs = timeMs;
    for (const container of this.#host.containers) {
      if (container.health === 'unhealthy') writeDockerFiles(this.folder, container);
    }
  }
}
