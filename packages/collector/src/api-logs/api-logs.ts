/**
 * Logs of containers whose log driver keeps no json file (`local`, `journald`, and those that the
 * daemon keeps a cache for): read through the Docker API, exactly once.
 *
 *     takeTarget ──▶ ContainerLog (one each) ──messages──▶ LogTaker ──records──▶ LogOutlet ──▶ sink
 *                        ▲ daemon: GET /containers/<id>/logs      cuts ◀── acknowledged ──┘
 *
 * At most `maxStreams` connections are open; further containers wait their turn.
 */
import { hostLabels, type EventRow } from '@plimsoll/model';
import { messageOf, Semaphore, type Clock, type Logger } from '@plimsoll/runtime';
import type { CheckpointStream } from '../checkpoint/format.ts';
import type { DropLedger } from '../drops.ts';
import type { OutboundChunk } from '../publish/outbound-chunk.ts';
import type { RecordProcessor } from '../tail/record-processor.ts';
import type { Target } from '../target.ts';
import { ContainerLog, type ContainerLogContext } from './container-log.ts';
import { gapEvent, logPathOf, refusedEvent } from './log-events.ts';
import type { ApiLogTotals, PayloadSink } from './log-outlet.ts';
import type { LogCut } from './log-taker.ts';
import { startingPoint } from './resume-point.ts';
import { timeText } from './timestamp.ts';

export interface ApiLogsOptions {
  tenant: string;
  host: string;
  socketPath: string;
  clock: Clock;
  logger: Logger;
  sink: PayloadSink;
  /** Where a log begins that was there before the collector and is in no checkpoint. */
  startAt: 'beginning' | 'end';
  restored: readonly CheckpointStream[];
  drops: DropLedger;
  onEvent: (event: EventRow) => void;
  /** Positions moved: the checkpoint is to be written. */
  onAcknowledged: () => void;
  /** Chunks were handed to the sink: a frame may be due. */
  onHandedOver?: () => void;
  /**
   * What looks at the lines of a container one by one, as those of a file in format `cri`; null for
   * none. Asked once for each container.
   */
  processorOf?: (target: Target) => RecordProcessor | null;
  /** Connections at once. */
  maxStreams?: number;
}

export interface ApiLogStatus extends Readonly<ApiLogTotals> {
  /** Containers that are followed. */
  containers: number;
  /** Connections that are open. */
  streams: number;
  /** Containers that wait for a connection. */
  waiting: number;
}

interface Followed {
  log: ContainerLog;
  done: Promise<void>;
}

const defaultMaxStreams = 256;
/** A container of the checkpoint that was not seen for as long is forgotten. */
const forgetAfterMs = 14 * 24 * 3_600_000;

export class ApiLogs {
  /** Logs that cannot be read, with the reason, by {@link logPathOf}. */
  readonly problems = new Map<string, string>();

  readonly #options: ApiLogsOptions;
  readonly #stopping = new AbortController();
  readonly #slots: Semaphore;
  readonly #followed = new Map<string, Followed>();
  readonly #restored = new Map<string, CheckpointStream>();
  readonly #totals: ApiLogTotals = {
    readBytes: 0,
    readLines: 0,
    acknowledgedBytes: 0,
    acknowledgedLines: 0,
  };
  readonly #context: ContainerLogContext;
  #hasSynced = false;

  constructor(options: ApiLogsOptions) {
    this.#options = options;
    this.#slots = new Semaphore(options.maxStreams ?? defaultMaxStreams);
    for (const saved of options.restored) this.#restored.set(saved.container_id, saved);
    this.#context = this.#makeContext();
  }

  /** The container's log is followed while there is the container and its log is the daemon's. */
  takeTarget(target: Target): void {
    if (this.#stopping.signal.aborted) return;
    const followed = this.#followed.get(target.dockerId);
    if (target.state === 'removed' || target.logSource !== 'docker-api') {
      followed?.log.remove({ isGone: target.state === 'removed' });
      this.#restored.delete(target.dockerId);
    } else if (followed) followed.log.takeTarget(target);
    else this.#follow(target);
  }

  /** All containers there are were taken in: those that come now are new from their first line. */
  markSynced(): void {
    if (this.#hasSynced) return;
    this.#hasSynced = true;
    for (const saved of this.#restored.values()) this.#forget(saved);
    this.#restored.clear();
  }

  /** The sink may have room again. */
  roomFreed(): void {
    for (const { log } of this.#followed.values()) log.roomFreed();
  }

  /** Ends every connection and hands over what was taken. The acknowledgements may still come. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const followed = [...this.#followed.values()];
    for (const { log } of followed) log.flushFinally();
    await Promise.all(followed.map(({ done }) => done));
  }

  checkpoint(): CheckpointStream[] {
    const current = [...this.#followed.values()].map(({ log }) => log.checkpoint());
    return [...this.#restored.values(), ...current];
  }

  /** What was read and is not acknowledged; what the daemon has beyond it is not known. */
  lag(): { bytes: number; seconds: number } {
    const nowMs = this.#options.clock.monotonic();
    let bytes = 0;
    let oldestMs = nowMs;
    for (const { log } of this.#followed.values()) {
      bytes += log.unacknowledgedBytes;
      oldestMs = Math.min(oldestMs, log.oldestMs ?? nowMs);
    }
    return { bytes, seconds: (nowMs - oldestMs) / 1000 };
  }

  status(): ApiLogStatus {
    return {
      ...this.#totals,
      containers: this.#followed.size,
      streams: [...this.#followed.values()].filter(({ log }) => log.isReading).length,
      waiting: this.#slots.waiting,
    };
  }

  #follow(target: Target): void {
    const { processorOf } = this.#options;
    const { dockerId } = target;
    const saved = this.#restored.get(dockerId) ?? null;
    this.#restored.delete(dockerId);
    const log = new ContainerLog({
      ...this.#context,
      target,
      processor: processorOf?.(target) ?? null,
      from: saved ? cutOf(saved) : this.#firstCut(),
      saved,
    });
    this.#followed.set(dockerId, { log, done: this.#run(log, dockerId) });
  }

  async #run(log: ContainerLog, dockerId: string): Promise<void> {
    const { signal } = this.#stopping;
    try {
      await log.run(signal);
    } catch (error) {
      const { logger } = this.#options;
      logger.error({ container: dockerId, err: error }, 'Following a log of the daemon failed.');
    }
    // When the collector stops, its position is still to be asked for.
    if (signal.aborted) return;
    this.#followed.delete(dockerId);
    this.problems.delete(logPathOf(dockerId));
  }

  #firstCut(): LogCut {
    const { startAt, clock } = this.#options;
    const isNew = this.#hasSynced || startAt === 'beginning';
    const latest = isNew ? '' : timeText(clock.now());
    return { generation: 0, fileId: '', position: 0, point: startingPoint(latest) };
  }

  /** The container was removed while the collector was away. */
  #forget(saved: CheckpointStream): void {
    const { tenant, host, clock } = this.#options;
    const isOld = saved.seen_at_ms < clock.now() - forgetAfterMs;
    if (saved.complete_life_ms > 0 || isOld) return;
    const { container_id: id, file_id: fileId, position, point } = saved;
    const labels = {
      ...hostLabels(tenant, host),
      container_id: id,
      container_name: id.slice(0, 12),
    };
    const gap = { reason: 'removed', fileId, position, lastTime: point.latest } as const;
    this.#options.onEvent(gapEvent(labels, gap, clock.now()));
  }

  #makeContext(): ContainerLogContext {
    const options = this.#options;
    const { host, socketPath, clock, logger, sink, onAcknowledged } = options;
    return {
      host,
      socketPath,
      clock,
      logger,
      sink,
      totals: this.#totals,
      slots: this.#slots,
      onAcknowledged,
      onHandedOver: () => {
        options.onHandedOver?.();
      },
      onGap: (target, gap) => {
        options.onEvent(gapEvent(target.labels, gap, clock.now()));
      },
      onRefused: (target, chunk, error) => {
        this.#tellRefused(target, chunk, error);
      },
      onProblem: (target, problem) => {
        this.#noteProblem(target, problem);
      },
    };
  }

  #noteProblem({ dockerId, logDriver }: Target, problem: string | null): void {
    const { logger } = this.#options;
    if (problem === null) {
      this.problems.delete(logPathOf(dockerId));
      logger.info({ container: dockerId }, 'The log of a container could be read again.');
      return;
    }
    this.problems.set(logPathOf(dockerId), problem);
    logger.warn(
      { container: dockerId, driver: logDriver, problem },
      'The log of a container could not be read from the daemon.',
    );
  }

  #tellRefused({ labels }: Target, chunk: OutboundChunk, error: unknown): void {
    const { clock, drops, logger, onEvent } = this.#options;
    const { source, start, end } = chunk;
    drops.add('publish_refused_bytes', end - start);
    logger.error(
      { path: source.path, bytes: end - start, reason: messageOf(error) },
      'The transport refused a chunk of log; it was dropped.',
    );
    onEvent(refusedEvent(labels, chunk, clock.now()));
  }
}

function cutOf({ generation, file_id: fileId, position, point }: CheckpointStream): LogCut {
  return { generation, fileId, position, point };
}
