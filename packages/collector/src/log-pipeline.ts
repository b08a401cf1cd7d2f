/**
 * From log files to frames: the tailer, the frames it fills and the loop that drives both. Knows
 * which files to follow from targets and from the globs of the configuration.
 */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hostLabels, type EventRow } from '@plimsoll/model';
import { messageOf, type Clock, type Config, type Logger } from '@plimsoll/runtime';
import type { CheckpointFile } from './checkpoint/format.ts';
import type { CollectorMetrics } from './collector-metrics.ts';
import type { DropLedger } from './drops.ts';
import { makeEvent } from './events.ts';
import { LogFrames } from './publish/log-frames.ts';
import type { Outbox } from './publish/outbox.ts';
import type { LogGap } from './tail/followed-path.ts';
import { findPlainFiles, maxPlainFiles } from './tail/plain-files.ts';
import { Tailer, type TailChunk } from './tail/tailer.ts';
import type { Target } from './target.ts';
import { Wakeup } from './wakeup.ts';

export interface LogPipelineOptions {
  config: Config['collector'];
  tenant: string;
  clock: Clock;
  logger: Logger;
  outbox: Outbox;
  drops: DropLedger;
  metrics: CollectorMetrics;
  restored: readonly CheckpointFile[];
  /** Writes the checkpoint now. */
  persist: () => Promise<void>;
  /** Positions moved. */
  onAcknowledged: () => void;
  onEvent: (event: EventRow) => void;
}

/** How often the globs are expanded again. */
const globIntervalMs = 5000;
/** Longest that bytes already written are still read when the collector stops. */
const lastReadMs = 1500;

export class LogPipeline {
  readonly totals = { readBytes: 0, readLines: 0, acknowledgedBytes: 0, acknowledgedLines: 0 };
  /** Paths that cannot be read, with the reason. */
  readonly problems = new Map<string, string>();

  readonly #options: LogPipelineOptions;
  readonly #frames: LogFrames;
  readonly #tailer: Tailer;
  readonly #wakeup: Wakeup;
  readonly #pathsByContainer = new Map<string, string>();
  #plainPaths = new Set<string>();
  #hasSynced = false;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: LogPipelineOptions) {
    this.#options = options;
    const { config, clock, outbox } = options;
    this.#wakeup = new Wakeup(clock);
    this.#frames = new LogFrames({
      outbox,
      nowMs: () => clock.monotonic(),
      flushIntervalMs: config.logs.flush_interval,
      maxInFlightBytes: config.logs.max_in_flight,
      persist: options.persist,
      onRoom: () => {
        this.#wakeup.notify();
      },
      onAcknowledged: (chunk) => {
        this.#countAcknowledged(chunk);
      },
      onRefused: (chunk, error) => {
        this.#reportRefused(chunk, error);
      },
    });
    this.#tailer = new Tailer({
      host: config.host,
      sink: this.#frames,
      onGap: (gap) => {
        this.#reportGap(gap);
      },
      onProblem: (path, problem) => {
        this.#noteProblem(path, problem);
      },
      nowMs: () => clock.monotonic(),
      wallMs: () => clock.now(),
      pollIntervalMs: config.logs.poll_interval,
      maxOpenFiles: config.logs.max_open_files,
      restored: options.restored,
    });
  }

  start(signal: AbortSignal): void {
    this.#loops = Promise.all([this.#pump(signal), this.#expandGlobs(signal)]);
  }

  /** Reads what was written until now, and hands over the last frame. */
  async finish(): Promise<void> {
    await this.#loops;
    const { clock } = this.#options;
    const untilMs = clock.monotonic() + lastReadMs;
    this.#tailer.lookNow();
    while (clock.monotonic() < untilMs) {
      const delayMs = await this.#tailer.pass();
      this.#countRead();
      if (delayMs > 0 || this.#tailer.isBlocked) break;
      await nextTurn();
    }
    this.#frames.seal();
  }

  close(): void {
    this.#tailer.closeAll();
  }

  /** The container's log is followed while there is the container. */
  takeTarget(target: Target): void {
    const path = this.#logPathOf(target);
    const followed = this.#pathsByContainer.get(target.dockerId);
    if (followed !== undefined && followed !== path) {
      this.#tailer.unfollow(followed);
      this.#pathsByContainer.delete(target.dockerId);
    }
    if (path === null) return;
    this.#pathsByContainer.set(target.dockerId, path);
    this.#tailer.follow({
      path,
      name: target.logPath,
      labels: target.labels,
      format: 'docker-json',
      startAt: this.#startAt(),
      readsHistory: true,
    });
    this.#wakeup.notify();
  }

  /** All containers there are were taken in: those that come now are new from their first line. */
  markSynced(): void {
    if (this.#hasSynced) return;
    this.#hasSynced = true;
    const { tenant, config } = this.#options;
    this.#tailer.forgetAbsent(hostLabels(tenant, config.host));
  }

  checkpoint(): CheckpointFile[] {
    return this.#tailer.checkpoint();
  }

  lag(): { bytes: number; seconds: number } {
    return this.#tailer.lag();
  }

  get followedPaths(): number {
    return this.#tailer.pathCount;
  }

  #startAt(): 'beginning' | 'end' {
    return this.#hasSynced ? 'beginning' : this.#options.config.logs.start_at;
  }

  /** Null for a container whose log is no file of lines: another log driver, or removed. */
  #logPathOf(target: Target): string | null {
    const isJsonFile = target.logDriver === 'json-file' || target.logDriver === '';
    if (target.state === 'removed' || !isJsonFile || target.logPath === '') return null;
    return join(this.#options.config.roots.host, target.logPath);
  }

  async #pump(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      try {
        const delayMs = await this.#tailer.pass();
        this.#countRead();
        const sealMs = this.#frames.sealWhenDue();
        if (delayMs === 0) await nextTurn();
        else await this.#wakeup.wait(Math.min(delayMs, sealMs ?? delayMs), signal);
      } catch (error) {
        logger.error({ err: error }, 'Following log files failed; it was begun again.');
        await clock.sleep(1000, signal).catch(() => undefined);
      }
    }
  }

  async #expandGlobs(signal: AbortSignal): Promise<void> {
    const { config, clock, logger } = this.#options;
    while (config.logs.files.length > 0 && !signal.aborted) {
      try {
        await this.#followPlainFiles();
      } catch (error) {
        logger.warn({ reason: messageOf(error) }, 'The patterns of log files were not expanded.');
      }
      await clock.sleep(globIntervalMs, signal).catch(() => undefined);
    }
  }

  async #followPlainFiles(): Promise<void> {
    const { config, tenant, logger } = this.#options;
    const isFirst = this.#plainPaths.size === 0;
    const found = await findPlainFiles(config.logs.files);
    if (found.isTruncated && isFirst) {
      logger.warn({ maxPlainFiles }, 'More files match than are followed; narrow the patterns.');
    }
    const paths = new Set(found.files.map(({ path }) => path));
    for (const gone of this.#plainPaths.difference(paths)) this.#tailer.unfollow(gone);
    for (const { path, readsHistory } of found.files) {
      if (this.#plainPaths.has(path)) continue;
      this.#tailer.follow({
        path,
        name: path,
        labels: { ...hostLabels(tenant, config.host), container_name: path },
        format: 'plain',
        startAt: isFirst ? config.logs.start_at : 'beginning',
        readsHistory,
      });
    }
    this.#plainPaths = paths;
    this.#wakeup.notify();
  }

  #countRead(): void {
    const { bytesRead, linesRead } = this.#tailer;
    const { metrics } = this.#options;
    metrics.readBytes.inc(bytesRead - this.totals.readBytes);
    metrics.readLines.inc(linesRead - this.totals.readLines);
    this.totals.readBytes = bytesRead;
    this.totals.readLines = linesRead;
  }

  #countAcknowledged({ bytes, lines }: { bytes: number; lines: number }): void {
    this.totals.acknowledgedBytes += bytes;
    this.totals.acknowledgedLines += lines;
    const { metrics } = this.#options;
    metrics.acknowledgedBytes.inc(bytes);
    metrics.acknowledgedLines.inc(lines);
    this.#options.onAcknowledged();
  }

  #noteProblem(path: string, problem: string | null): void {
    const { logger } = this.#options;
    if (problem === null) {
      this.problems.delete(path);
      logger.info({ path }, 'A log file could be read again.');
      return;
    }
    this.problems.set(path, problem);
    logger.warn({ path, problem }, 'A log file could not be read; it is tried again.');
  }

  #reportGap(gap: LogGap): void {
    const { spec, file, bytes, reason } = gap;
    this.#options.drops.add(reason, bytes);
    const isTruncated = gap.kind === 'log_truncated';
    const what = isTruncated ? 'was truncated' : 'was rotated away before it was read';
    const unknown = isTruncated ? 'nothing is known to be lost' : 'an unknown number may be lost';
    const lost = bytes > 0 ? `${bytes} bytes were lost` : unknown;
    this.#options.onEvent(
      makeEvent({
        labels: spec.labels,
        timeMs: this.#options.clock.now(),
        kind: gap.kind,
        severity: bytes > 0 ? 'error' : gap.kind === 'log_gap' ? 'warning' : 'info',
        message: `Log file ${spec.name} ${what}: ${lost}.`,
        attributes: {
          source: 'collector',
          reason,
          path: spec.name,
          file_id: file.fileId,
          position: String(gap.position),
          lost_bytes: String(bytes),
        },
        occurrence: [spec.path, file.fileId, file.generation, gap.position, reason].join(' '),
      }),
    );
  }

  #reportRefused(chunk: TailChunk, error: unknown): void {
    const bytes = chunk.end - chunk.start;
    const { drops, logger, clock, onEvent } = this.#options;
    drops.add('publish_refused_bytes', bytes);
    logger.error(
      { path: chunk.spec.name, bytes, reason: messageOf(error) },
      'The transport refused a chunk of log; it was dropped.',
    );
    onEvent(
      makeEvent({
        labels: chunk.spec.labels,
        timeMs: clock.now(),
        kind: 'log_gap',
        severity: 'error',
        message: `The transport refused ${bytes} bytes of ${chunk.spec.name}.`,
        attributes: {
          source: 'collector',
          reason: 'publish_refused_bytes',
          path: chunk.spec.name,
          file_id: chunk.file.fileId,
          position: String(chunk.start),
          lost_bytes: String(bytes),
        },
        occurrence: `${chunk.file.fileId} ${chunk.start} refused`,
      }),
    );
  }
}
