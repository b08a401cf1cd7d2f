/** All logs of this host, wherever they are read from: files, and the Docker API. */
import { ApiLogs, type ApiLogStatus } from '../api-logs/api-logs.ts';
import type { Checkpoint, CheckpointStream } from '../checkpoint/format.ts';
import { LogPipeline, type LogPipelineOptions } from '../log-pipeline.ts';
import type { CollectorMetrics } from '../collector-metrics.ts';
import type { TailCheckpoint } from '../tail/restored-paths.ts';
import type { Target } from '../target.ts';

export interface LogTotals {
  readBytes: number;
  readLines: number;
  acknowledgedBytes: number;
  acknowledgedLines: number;
}

/** A file that is followed; positions are bytes from its beginning. */
export interface FollowedLog {
  containerName: string;
  path: string;
  sizeBytes: number;
  positionBytes: number;
  acknowledgedBytes: number;
}

export interface LogsOptions extends Omit<LogPipelineOptions, 'restored' | 'onRoom'> {
  restored: Pick<Checkpoint, 'files' | 'done' | 'streams'> | null;
}

export class Logs {
  readonly #files: LogPipeline;
  readonly #api: ApiLogs;
  readonly #metrics: CollectorMetrics;
  #countedBytes = 0;
  #countedLines = 0;

  constructor(options: LogsOptions) {
    const { config, tenant, clock, logger, restored } = options;
    this.#metrics = options.metrics;
    this.#files = new LogPipeline({
      ...options,
      restored: { files: restored?.files ?? [], done: restored?.done ?? [] },
      onRoom: () => {
        this.#api.roomFreed();
      },
    });
    this.#api = new ApiLogs({
      tenant,
      host: config.host,
      socketPath: config.docker.socket,
      clock,
      logger,
      sink: this.#files.frames,
      startAt: config.logs.start_at,
      restored: restored?.streams ?? [],
      drops: options.drops,
      onEvent: options.onEvent,
      onAcknowledged: options.onAcknowledged,
      onHandedOver: () => {
        this.#countApiReads();
        this.#files.wake();
      },
      processorOf: (target) => this.#processorOf(target),
    });
  }

  start(signal: AbortSignal): void {
    this.#files.start(signal);
  }

  takeTarget(target: Target): void {
    this.#files.takeTarget(target);
    const isPlanned = target.logSource === 'docker-api' && target.state !== 'removed';
    const isWanted = !isPlanned || !this.#planOf(target).isExcluded;
    this.#api.takeTarget(isWanted ? target : { ...target, logSource: 'none' });
  }

  markSynced(): void {
    this.#files.markSynced();
    this.#api.markSynced();
  }

  /** Reads what was written until now, and hands over the last frame. */
  async finish(): Promise<void> {
    await this.#api.stop();
    await this.#files.finish();
  }

  close(): void {
    this.#files.close();
  }

  checkpoint(): TailCheckpoint & { streams: CheckpointStream[] } {
    return { ...this.#files.checkpoint(), streams: this.#api.checkpoint() };
  }

  lag(): { bytes: number; seconds: number } {
    const files = this.#files.lag();
    const api = this.#api.lag();
    return { bytes: files.bytes + api.bytes, seconds: Math.max(files.seconds, api.seconds) };
  }

  /** Chunks of the API's logs are acknowledged through the same frames as those of files. */
  get totals(): LogTotals {
    const { readBytes, readLines } = this.#api.status();
    const { totals } = this.#files;
    return {
      ...totals,
      readBytes: totals.readBytes + readBytes,
      readLines: totals.readLines + readLines,
    };
  }

  get api(): ApiLogStatus {
    return this.#api.status();
  }

  get files(): LogPipeline {
    return this.#files;
  }

  /** The files that are read now, those with most to acknowledge first. */
  followed(most: number): FollowedLog[] {
    const lagOf = (log: FollowedLog): number => log.sizeBytes - log.acknowledgedBytes;
    return this.#files
      .currentFiles()
      .toSorted((a, b) => lagOf(b) - lagOf(a))
      .slice(0, most);
  }

  /** Logs that cannot be read, with the reason. */
  problems(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#files.problems, ...this.#api.problems]);
  }

  #countApiReads(): void {
    const { readBytes, readLines } = this.#api.status();
    const labels = { source: 'docker_api' };
    this.#metrics.readBytes.inc(labels, readBytes - this.#countedBytes);
    this.#metrics.readLines.inc(labels, readLines - this.#countedLines);
    this.#countedBytes = readBytes;
    this.#countedLines = readLines;
  }

  #planOf(target: Target): ReturnType<LogPipeline['planOf']> {
    const log = { id: target.dockerId, name: target.labels.container_name, owner: target };
    return this.#files.planOf(log, 'cri');
  }

  #processorOf(target: Target): ReturnType<LogPipeline['planOf']>['processor'] {
    return this.#planOf(target).processor;
  }
}
