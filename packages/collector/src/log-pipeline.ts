/**
 * From log files to frames: the tailer, the frames it fills and the loop that drives both. Knows
 * which files to follow from targets and from the globs of the configuration, and what is to be done
 * with the lines of each.
 */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hostLabels, type EventRow } from '@plimsoll/model';
import { messageOf, type Clock, type Config, type Logger } from '@plimsoll/runtime';
import { roundToBeat } from './beat.ts';
import type { CollectorMetrics } from './collector-metrics.ts';
import type { DropLedger } from './drops.ts';
import { makeEvent } from './events.ts';
import { PlanReports } from './lines/plan-reports.ts';
import { LinePlans, type LinePlan } from './lines/line-plans.ts';
import type { LogOwner } from './lines/line-settings.ts';
import { WithheldLedger } from './lines/withheld-ledger.ts';
import { LogFrames } from './publish/log-frames.ts';
import type { Outbox } from './publish/outbox.ts';
import { TailSink } from './publish/tail-sink.ts';
import type { LogGap } from './tail/path-spec.ts';
import { findPlainFiles, maxPlainFiles } from './tail/plain-files.ts';
import type { TailCheckpoint } from './tail/restored-paths.ts';
import { Tailer, type TailChunk } from './tail/tailer.ts';
import type { Target } from './target.ts';
import { Wakeup } from './wakeup.ts';

export interface LogPipelineOptions {
  config: Config['collector'];
  tenant: string;
  clock: Clock;
  logger: Logger;
  outbox: Outbox;
  /** See `Publisher`. */
  smallFrameWaitMs: number;
  drops: DropLedger;
  metrics: CollectorMetrics;
  restored: TailCheckpoint;
  /** Writes the checkpoint now. */
  persist: () => Promise<void>;
  /** Positions moved. */
  onAcknowledged: () => void;
  onEvent: (event: EventRow) => void;
  /** There is room for more log again, perhaps. */
  onRoom: () => void;
}

/** How often the globs are expanded again. */
const globIntervalMs = 5000;
/** What the file of a log holds; null: there is none to follow. */
const formats = {
  'docker-file': 'docker-json',
  cri: 'cri',
  'docker-api': null,
  none: null,
} as const;
/** As metrics name where a log is read from. */
const sourceNames = { 'docker-json': 'docker_file', cri: 'cri', plain: 'file' } as const;
/** Longest that bytes already written are still read when the collector stops. */
const lastReadMs = 1500;

export class LogPipeline {
  readonly totals = { readBytes: 0, readLines: 0, acknowledgedBytes: 0, acknowledgedLines: 0 };
  /** Paths that cannot be read, with the reason. */
  readonly problems = new Map<string, string>();

  readonly #options: LogPipelineOptions;
  /** Takes chunks of logs that come from no file, too. */
  readonly frames: LogFrames;
  readonly #plans: LinePlans;
  readonly #planReports: PlanReports;
  readonly #withheld: WithheldLedger;
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
    this.frames = new LogFrames({
      outbox,
      nowMs: () => clock.monotonic(),
      flushIntervalMs: config.logs.flush_interval,
      smallFrameWaitMs: options.smallFrameWaitMs,
      maxInFlightBytes: config.logs.max_in_flight,
      persist: options.persist,
      onRoom: () => {
        this.#wakeup.notify();
        options.onRoom();
      },
      onAcknowledged: (chunk) => {
        this.#countAcknowledged(chunk);
      },
    });
    const sink = new TailSink({
      frames: this.frames,
      onRead: (chunk) => {
        this.#countRead(chunk);
      },
      onRefused: (chunk, error) => {
        this.#reportRefused(chunk, error);
      },
    });
    this.#withheld = new WithheldLedger({
      drops: options.drops,
      wallMs: () => clock.now(),
      onEvent: options.onEvent,
    });
    this.#plans = new LinePlans({
      rules: config.logs,
      onWithheld: (owner, withheld) => {
        this.#withheld.add(owner, withheld);
      },
    });
    this.#planReports = new PlanReports({ ...options, problems: this.problems });
    this.#tailer = new Tailer({
      host: config.host,
      sink,
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
      onWake: () => {
        this.#wakeup.notify();
      },
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
      if (delayMs > 0 || this.#tailer.isBlocked) break;
      await nextTurn();
    }
    this.frames.seal();
    this.#withheld.tellAll();
  }

  close(): void {
    this.#tailer.closeAll();
  }

  /** The container's log is followed while there is the container. */
  takeTarget(target: Target): void {
    const source = this.#sourceOf(target);
    const path = source?.path ?? null;
    const followed = this.#pathsByContainer.get(target.dockerId);
    if (followed !== undefined && followed !== path) {
      this.#tailer.unfollow(followed);
      this.#pathsByContainer.delete(target.dockerId);
    }
    if (target.state === 'removed') {
      this.#plans.forget(target.dockerId);
      this.#planReports.forget({ id: target.dockerId, name: target.logPath });
    }
    if (source === null) return;
    this.#pathsByContainer.set(target.dockerId, source.path);
    this.#tailer.follow({
      path: source.path,
      name: target.logPath,
      labels: target.labels,
      format: source.format,
      startAt: this.#startAt(),
      readsHistory: true,
      processor: source.processor ?? undefined,
    });
    this.#wakeup.notify();
  }

  /**
   * What is to be done with the lines of a log, wherever it is read from. `id` names the log as long
   * as there is the collector; `name` is for people.
   */
  planOf(
    log: { id: string; name: string; owner: LogOwner },
    format: 'docker-json' | 'cri' | 'plain',
  ): LinePlan {
    const plan = this.#plans.of(log.id, log.owner, format);
    this.#planReports.report(log, plan);
    return plan;
  }

  /** All containers there are were taken in: those that come now are new from their first line. */
  markSynced(): void {
    if (this.#hasSynced) return;
    this.#hasSynced = true;
    const { tenant, config } = this.#options;
    this.#tailer.forgetAbsent(hostLabels(tenant, config.host));
  }

  /** Frames were filled by others: the loop is to look whether one is due. */
  wake(): void {
    this.#wakeup.notify();
  }

  /** Monotonic time since when nothing was read for want of room; null while reading goes on. */
  get blockedSinceMs(): number | null {
    return this.#tailer.blockedSinceMs;
  }

  /** The current file of each path. */
  currentFiles(): {
    containerName: string;
    path: string;
    sizeBytes: number;
    positionBytes: number;
    acknowledgedBytes: number;
  }[] {
    return [...this.#tailer.files()]
      .filter(({ path, file }) => path.current === file)
      .map(({ path, file }) => ({
        containerName: path.spec.labels.container_name,
        path: path.spec.name,
        sizeBytes: file.size,
        positionBytes: file.position,
        acknowledgedBytes: file.acknowledged,
      }));
  }

  checkpoint(): TailCheckpoint {
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

  /** Null for a container whose log is no file of lines, is not wanted, or that was removed. */
  #sourceOf(
    target: Target,
  ): { path: string; format: 'docker-json' | 'cri'; processor: LinePlan['processor'] } | null {
    const format = formats[target.logSource];
    if (format === null || target.state === 'removed' || target.logPath === '') return null;
    const log = { id: target.dockerId, name: target.logPath, owner: target };
    const { isExcluded, processor } = this.planOf(log, format);
    if (isExcluded) return null;
    return { path: join(this.#options.config.roots.host, target.logPath), format, processor };
  }

  async #pump(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      try {
        const delayMs = await this.#tailer.pass();
        this.#withheld.tellDue();
        const sealMs = this.frames.sealWhenDue();
        if (delayMs === 0) await nextTurn();
        else
          await this.#wakeup.wait(
            sealMs === null ? roundToBeat(delayMs, clock) : Math.min(delayMs, sealMs),
            signal,
          );
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
    for (const gone of this.#plainPaths.difference(paths)) {
      this.#tailer.unfollow(gone);
      this.#plans.forget(gone);
    }
    for (const { path, readsHistory } of found.files) {
      if (this.#plainPaths.has(path)) continue;
      const labels = { ...hostLabels(tenant, config.host), container_name: path };
      const owner = { labels, dockerLabels: {} };
      const { isExcluded, processor } = this.planOf({ id: path, name: path, owner }, 'plain');
      if (isExcluded) continue;
      this.#tailer.follow({
        path,
        name: path,
        labels,
        format: 'plain',
        processor: processor ?? undefined,
        startAt: isFirst ? config.logs.start_at : 'beginning',
        readsHistory,
      });
    }
    this.#plainPaths = paths;
    this.#wakeup.notify();
  }

  #countRead({ spec, start, end, lines }: TailChunk): void {
    const source = sourceNames[spec.format];
    this.#options.metrics.readBytes.inc({ source }, end - start);
    this.#options.metrics.readLines.inc({ source }, lines);
    this.totals.readBytes += end - start;
    this.totals.readLines += lines;
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
