/**
 * The log of one container, asked of the daemon, from its first turn to its removal:
 *
 *     idle ──▶ waiting for a turn ──▶ reading ──▶ ended / broken / stalled / yielded ──┐
 *       ▲                                                                             │
 *       └──── stopped and read to its end, unreadable, removed ◀── else: again ◀──────┘
 */
import { Backoff, messageOf, type Clock, type Logger, type Semaphore } from '@plimsoll/runtime';
import type { CheckpointStream } from '../checkpoint/format.ts';
import type { OutboundChunk } from '../publish/outbound-chunk.ts';
import type { RecordProcessor } from '../tail/record-processor.ts';
import type { Target } from '../target.ts';
import { Wakeup } from '../wakeup.ts';
import { logPathOf, type ApiLogGap } from './log-events.ts';
import { LogOutlet, type ApiLogTotals, type PayloadSink } from './log-outlet.ts';
import { LogReading, type ReadOutcome } from './log-reading.ts';
import { LogTaker, type LogCut } from './log-taker.ts';

/** What all container logs of a collector share. */
export interface ContainerLogContext {
  host: string;
  socketPath: string;
  clock: Clock;
  logger: Logger;
  sink: PayloadSink;
  /** One for each connection that may be open. */
  slots: Semaphore;
  totals: ApiLogTotals;
  /** Chunks were handed over: a frame may be due. */
  onHandedOver: () => void;
  onAcknowledged: () => void;
  /** Not all that was in the log could be read; how much is not known. */
  onGap: (target: Target, gap: ApiLogGap) => void;
  onRefused: (target: Target, chunk: OutboundChunk, error: unknown) => void;
  /** It cannot be read, with the reason, or it can again (null). */
  onProblem: (target: Target, problem: string | null) => void;
}

export interface ContainerLogOptions extends ContainerLogContext {
  target: Target;
  /** Null: records are shipped as they are. */
  processor: RecordProcessor | null;
  from: LogCut;
  saved: CheckpointStream | null;
}

type Outcome = ReadOutcome | { kind: 'broken'; reason: string };

/** Longest turn while others wait. */
const turnMs = 30_000;
/** A connection of a removed container ends by itself; after as long it is ended. */
const removedMs = 4000;
/** Connections that may fail one after the other before it is said. */
const quietFailures = 3;
const idleMs = 60_000;

export class ContainerLog {
  readonly #options: ContainerLogOptions;
  readonly #outlet: LogOutlet;
  readonly #reading: LogReading;
  readonly #changed: Wakeup;
  readonly #backoff: Backoff;
  #target: Target;
  #removedAtMs: number | null = null;
  #isGone = false;
  #isReading = false;
  /** Start of the life that was read to its end, or whose log cannot be read; 0: none. */
  #completeLifeMs: number;
  /** Start of the life of which the daemon last ended an answer in good order. */
  #endedLifeMs = 0;
  #unreadableLifeMs: number | null = null;
  #problem: string | null = null;

  constructor(options: ContainerLogOptions) {
    const { clock, target, processor, from, saved, host } = options;
    this.#options = options;
    this.#target = target;
    this.#changed = new Wakeup(clock);
    this.#backoff = new Backoff({ initialMs: 200, maxMs: 10_000 });
    this.#completeLifeMs = saved?.complete_life_ms ?? 0;
    const taker = new LogTaker({
      host,
      containerId: target.dockerId,
      from,
      joinsAcrossTimes: target.logDriver === 'journald',
      isProcessed: processor !== null,
      onGap: (cut) => {
        this.#reportGap('rotated away', cut);
      },
    });
    this.#outlet = new LogOutlet({
      ...options,
      labels: () => this.#target.labels,
      path: logPathOf(target.dockerId),
      acknowledged: from,
      onRefused: (chunk, error) => {
        options.onRefused(this.#target, chunk, error);
      },
    });
    this.#reading = new LogReading({
      ...options,
      taker,
      outlet: this.#outlet,
      unterminated: saved?.unterminated ?? null,
      mustYield: (openForMs) => this.#mustYield(openForMs),
      onAnswered: () => {
        this.#noteProblem(null);
      },
      onProgress: () => {
        this.#backoff.reset();
      },
    });
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  get unacknowledgedBytes(): number {
    return this.#outlet.unacknowledgedBytes;
  }

  get oldestMs(): number | null {
    return this.#outlet.oldestMs;
  }

  takeTarget(target: Target): void {
    this.#target = target;
    this.#changed.notify();
  }

  /**
   * What the connection still brings is taken, then it is over. `isGone`: so is the container, and
   * what was not read by then never will be.
   */
  remove({ isGone }: { isGone: boolean }): void {
    this.#isGone = isGone;
    this.#removedAtMs ??= this.#options.clock.monotonic();
    this.#changed.notify();
  }

  /** The sink may have room again. */
  roomFreed(): void {
    this.#reading.roomFreed();
  }

  /** Hands over what waits, ready or not: the collector stops. */
  flushFinally(): void {
    this.#outlet.flush();
  }

  checkpoint(): CheckpointStream {
    const { fileId, generation, position, point } = this.#outlet.acknowledged;
    const isSettled = this.#outlet.unacknowledgedBytes === 0;
    return {
      container_id: this.#target.dockerId,
      file_id: fileId,
      generation,
      position,
      point,
      unterminated: this.#reading.unterminated,
      complete_life_ms: isSettled ? this.#completeLifeMs : 0,
      seen_at_ms: this.#options.clock.now(),
    };
  }

  /** Until the container is removed and all that was read is handed over, or the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#removedAtMs === null) {
      if (this.#hasWork()) await this.#takeTurn(signal);
      else await this.#changed.wait(idleMs, signal);
    }
    if (this.#removedAtMs !== null) await this.#conclude(signal);
    this.#reading.close();
  }

  async #takeTurn(signal: AbortSignal): Promise<void> {
    const release = await this.#options.slots.acquire(1, signal).catch(() => null);
    if (release === null || this.#removedAtMs !== null) {
      release?.();
      return;
    }
    const { startedAtMs: life, dockerId: containerId, isTty } = this.#target;
    const wasAlive = isAlive(this.#target);
    this.#isReading = true;
    const outcome: Outcome = await this.#reading
      .read({ containerId, isTty, isAlive: wasAlive, signal })
      .catch((error: unknown) => ({ kind: 'broken', reason: messageOf(error) }));
    this.#isReading = false;
    release();
    if (outcome.kind === 'ended') this.#endedLifeMs = life;
    if (outcome.kind === 'ended' && !wasAlive) this.#completeLifeMs = life;
    else if (!signal.aborted) await this.#settle(outcome, { life, signal });
  }

  async #settle(
    outcome: Outcome,
    { life, signal }: { life: number; signal: AbortSignal },
  ): Promise<void> {
    switch (outcome.kind) {
      case 'unreadable':
        this.#unreadableLifeMs = life;
        this.#noteProblem(outcome.reason);
        return;
      case 'stalled':
        await this.#reading.untilRoom(signal);
        return;
      case 'broken':
        // A daemon that restarts is a matter of its own, and said elsewhere.
        if (this.#backoff.failures >= quietFailures) this.#noteProblem(outcome.reason);
        await this.#changed.wait(100 + this.#backoff.next(), signal);
        return;
      case 'gone':
      case 'ended':
        // Discovery will say that it stopped or was removed; until then it is looked at again.
        await this.#changed.wait(100 + this.#backoff.next(), signal);
        return;
      case 'yielded':
        return;
      default:
        outcome satisfies never;
    }
  }

  async #conclude(signal: AbortSignal): Promise<void> {
    const { startedAtMs } = this.#target;
    const isComplete = this.#completeLifeMs === startedAtMs;
    if (!isComplete && this.#endedLifeMs === startedAtMs) this.#reading.takeRest();
    else if (this.#isGone && !isComplete && this.#unreadableLifeMs !== startedAtMs) {
      this.#reportGap('removed', this.#outlet.acknowledged);
    }
    await this.#reading.drain(signal);
  }

  #hasWork(): boolean {
    const { state, startedAtMs } = this.#target;
    if (state === 'created' || this.#unreadableLifeMs === startedAtMs) return false;
    return isAlive(this.#target) || this.#completeLifeMs !== startedAtMs;
  }

  /** Others wait for a turn, or the container was removed and its answer does not end. */
  #mustYield(openForMs: number): boolean {
    const { clock, slots } = this.#options;
    if (slots.waiting > 0 && openForMs >= turnMs) return true;
    return this.#removedAtMs !== null && clock.monotonic() - this.#removedAtMs >= removedMs;
  }

  #reportGap(reason: ApiLogGap['reason'], { fileId, position, point }: LogCut): void {
    this.#options.onGap(this.#target, { reason, fileId, position, lastTime: point.latest });
  }

  #noteProblem(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onProblem(this.#target, problem);
  }
}

function isAlive({ state }: Target): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting';
}
