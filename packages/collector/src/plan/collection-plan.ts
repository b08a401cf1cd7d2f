/**
 * What a collector with this configuration would collect here and now: found as the collector finds
 * it, and nothing touched. No checkpoint is written, no log line read, nothing published.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostLabels } from '@plimsoll/model';
import {
  codeOf,
  messageOf,
  systemClock,
  type Clock,
  type Config,
  type Logger,
} from '@plimsoll/runtime';
import { parseCheckpoint, type CheckpointFile } from '../checkpoint/format.ts';
import type { Discovery, DiscoveryStatus } from '../discovery/discovery.ts';
import { LinePlans, type LinePlan } from '../lines/line-plans.ts';
import { lineSettings, type LogOwner } from '../lines/line-settings.ts';
import { buildDiscovery } from '../run/build-discovery.ts';
import { findNvidiaSmi } from '../signals/gpu/nvidia-smi.ts';
import { detectCgroupLayout, type CgroupMode } from '../stats/cgroup/layout.ts';
import { findPlainFiles } from '../tail/plain-files.ts';
import { isRunning, type LogSourceKind, type Target } from '../target.ts';
import { logBacklog, type LogBacklog } from './log-backlog.ts';

export interface CollectionPlan {
  host: string;
  tenant: string;
  discovery: DiscoveryStatus;
  containers: PlannedContainer[];
  files: PlannedFile[];
  statistics: {
    isEnabled: boolean;
    cgroupMode: CgroupMode;
    intervalMs: number;
    slowIntervalMs: number;
    cpuBudgetCores: number;
  };
  kernelLog: string;
  /** Path of nvidia-smi; null where GPUs are not looked at. */
  gpu: string | null;
  checkpoint: { path: string; files: number; problem: string | null };
}

export interface PlannedContainer extends LogBacklog {
  id: string;
  name: string;
  image: string;
  state: string;
  hasStatistics: boolean;
  logSource: LogSourceKind;
  /** Of its log as it is here; '' where it is asked of the Docker API, or is not read. */
  path: string;
  /** How its lines are looked at: `as they are`, `joined, redacted`, `not read: …`. */
  lines: string;
  problems: readonly string[];
}

export interface PlannedFile extends LogBacklog {
  path: string;
  lines: string;
  problems: readonly string[];
}

export interface PlanOptions {
  config: Config['collector'];
  tenant: string;
  /** Folder of the checkpoint. */
  stateDirectory: string;
  logger: Logger;
  signal: AbortSignal;
  clock?: Clock;
  /** Default: as configured. */
  discovery?: Discovery;
}

/** Longest that containers are looked for. */
const discoveryPatienceMs = 10_000;
/** Longest that a second runtime is waited for after one has turned out not to be there. */
const absencePatienceMs = 1500;

export async function planCollection(options: PlanOptions): Promise<CollectionPlan> {
  const { config, tenant, stateDirectory, logger, signal, clock = systemClock } = options;
  const path = join(stateDirectory, 'checkpoint.json');
  const checkpoint = await readCheckpoint(path);
  const discovery =
    options.discovery ?? buildDiscovery({ config, tenant, clock, logger, since: '' });
  const { targets, status } = await look(discovery, clock, signal);
  const planner = new LogPlanner(config, checkpoint.files);
  const plain = config.logs.enabled ? await findPlainFiles(config.logs.files) : { files: [] };
  return {
    host: config.host,
    tenant,
    discovery: status,
    containers: targets
      .map((target) => planner.container(target))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    files: plain.files.map((file) => planner.file(file, hostLabels(tenant, config.host))),
    statistics: {
      isEnabled: config.stats.enabled,
      cgroupMode: detectCgroupLayout(config.roots).mode,
      intervalMs: config.stats.interval,
      slowIntervalMs: config.stats.slow_interval,
      cpuBudgetCores: config.stats.cpu_budget,
    },
    kernelLog: config.roots.kmsg,
    gpu: gpuProgram(config.gpu.nvidia_smi),
    checkpoint: { path, files: checkpoint.files.length, problem: checkpoint.problem },
  };
}

/** What there is once everything was found, or the patience is at its end. */
async function look(
  discovery: Discovery,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ targets: readonly Target[]; status: DiscoveryStatus }> {
  const found = Promise.withResolvers<void>();
  const late = new AbortController();
  const either = AbortSignal.any([signal, late.signal]);
  const patience = clock.sleep(discoveryPatienceMs, either).catch(() => undefined);
  await discovery.start((change) => {
    if (change.kind === 'synced') found.resolve();
    if (change.kind === 'status' && change.status.state !== 'connected') {
      clock.sleep(absencePatienceMs, either).then(found.resolve, () => undefined);
    }
  });
  try {
    await Promise.race([found.promise, patience]);
    return { targets: discovery.targets(), status: discovery.status() };
  } finally {
    late.abort();
    await discovery.stop();
  }
}

class LogPlanner {
  readonly #config: Config['collector'];
  readonly #checkpoint: readonly CheckpointFile[];
  readonly #plans: LinePlans;

  constructor(config: Config['collector'], checkpoint: readonly CheckpointFile[]) {
    this.#config = config;
    this.#checkpoint = checkpoint;
    this.#plans = new LinePlans({ rules: config.logs, onWithheld: () => undefined });
  }

  container(target: Target): PlannedContainer {
    const { logs, roots, stats } = this.#config;
    const plan = this.#plans.of(target.dockerId, target, 'docker-json');
    const isFile = target.logSource === 'docker-file' || target.logSource === 'cri';
    const isRead = logs.enabled && target.logSource !== 'none' && !plan.isExcluded;
    const path = isRead && isFile && target.logPath !== '' ? join(roots.host, target.logPath) : '';
    const backlog = path === '' ? none : this.#backlog(path, true);
    return {
      id: target.dockerId,
      name: target.labels.container_name,
      image: target.labels.image,
      state: target.state,
      hasStatistics: stats.enabled && isRunning(target),
      logSource: isRead ? target.logSource : 'none',
      path,
      ...backlog,
      lines: isRead ? this.#describe(target, plan) : this.#whyNot(target, plan),
      problems: plan.problems,
    };
  }

  file(
    { path, readsHistory }: { path: string; readsHistory: boolean },
    labels: LogOwner['labels'],
  ): PlannedFile {
    const owner = { labels, dockerLabels: {} };
    const plan = this.#plans.of(path, owner, 'plain');
    const lines = plan.isExcluded ? this.#whyNot(null, plan) : this.#describe(owner, plan);
    return { path, ...this.#backlog(path, readsHistory), lines, problems: plan.problems };
  }

  #backlog(path: string, readsHistory: boolean): LogBacklog {
    const startAt = this.#config.logs.start_at;
    return logBacklog(path, { checkpoint: this.#checkpoint, startAt, readsHistory });
  }

  #describe(owner: LogOwner, { processor }: LinePlan): string {
    if (processor === null) return 'as they are';
    const settings = lineSettings(owner, this.#config.logs);
    const words: string[] = [];
    if (settings.multiline !== null) words.push('joined');
    if (settings.redact.length > 0) words.push(`redacted by ${settings.redact.length} pattern(s)`);
    if (settings.quotaBytesPerSecond > 0) words.push(`${settings.quotaBytesPerSecond} B/s at most`);
    return words.join(', ');
  }

  #whyNot(target: Target | null, plan: LinePlan): string {
    if (!this.#config.logs.enabled) return 'not read: collector.logs.enabled is false';
    if (plan.withheldBecause !== null) return `not read: ${plan.withheldBecause}`;
    if (plan.isExcluded) return 'not read: excluded by a rule or its label';
    return `not read: no log can be had of the driver ${target?.logDriver || 'none'}`;
  }
}

const none: LogBacklog = { bytes: null, unreadBytes: null };

/** Unlike the collector, it leaves a damaged file where it is. */
async function readCheckpoint(
  path: string,
): Promise<{ files: readonly CheckpointFile[]; problem: string | null }> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const isFirst = codeOf(error) === 'ENOENT';
    return { files: [], problem: isFirst ? null : messageOf(error) };
  }
  const parsed = parseCheckpoint(text);
  return 'problem' in parsed
    ? { files: [], problem: parsed.problem }
    : { files: parsed.files, problem: null };
}

function gpuProgram(setting: string): string | null {
  if (setting === 'off') return null;
  return setting === 'auto' ? (findNvidiaSmi() ?? null) : setting;
}
