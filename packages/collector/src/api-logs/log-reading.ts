/**
 * Reads one answer of the daemon after the other into the outlet of one container: asks from where the
 * last one ended, takes the bytes apart, and waits while the sink has no room.
 *
 * While there is no room nothing is read and the daemon keeps the log. When that lasts, the
 * connection is given up: a daemon that is held up skips rotated files without a word, and going on
 * from the last message taken shows what is missing.
 */
import type { Readable } from 'node:stream';
import type { Clock } from '@plimsoll/runtime';
import { Wakeup } from '../wakeup.ts';
import { FrameReader } from './frame-reader.ts';
import { gatherMs, type LogOutlet } from './log-outlet.ts';
import { requestLastRestart, requestLog, type LogAnswer } from './log-request.ts';
import type { LogTaker, RecordGroup } from './log-taker.ts';
import type { LogMessage, MessageReader } from './message.ts';
import { sinceOf } from './resume-point.ts';
import { timeMs } from './timestamp.ts';
import { TtyReader, type Unterminated } from './tty-reader.ts';

export interface LogReadingOptions {
  socketPath: string;
  clock: Clock;
  taker: LogTaker;
  outlet: LogOutlet;
  unterminated: Unterminated | null;
  /** The connection is to be given up although it works. */
  mustYield: (openForMs: number) => boolean;
  /** The daemon answers with the log. */
  onAnswered: () => void;
  /** There was something new. */
  onProgress: () => void;
}

export interface LogQuestion {
  containerId: string;
  isTty: boolean;
  /** The container runs, as far as is known: more may come after the answer's end. */
  isAlive: boolean;
  signal: AbortSignal;
}

export type ReadOutcome =
  | Exclude<LogAnswer, { kind: 'answered' }>
  /** `ended`: by the daemon, in good order. `stalled`: the sink had no room for too long. */
  | { kind: 'ended' | 'stalled' | 'yielded' };

/** Longest that a connection is kept while the sink has no room. */
const maxStallMs = 5000;
const watchIntervalMs = 1000;
/** How often it is looked at what a processor holds back. */
const heldMs = 250;
/** A clock that is behind the newest message by more was set back. */
const clockSlackMs = 1000;

export class LogReading {
  readonly #options: LogReadingOptions;
  readonly #room: Wakeup;
  #reader: MessageReader | null = null;
  #unterminated: Unterminated | null;
  #isFlushing = false;
  #isClosed = false;

  constructor(options: LogReadingOptions) {
    this.#options = options;
    this.#room = new Wakeup(options.clock);
    this.#unterminated = options.unterminated;
  }

  /** Of a terminal: text without a line end that was taken when its container had stopped. */
  get unterminated(): Unterminated | null {
    return this.#unterminated;
  }

  /** The sink may have room again. */
  roomFreed(): void {
    this.#room.notify();
    if (!this.#options.outlet.isEmpty) this.#flushSoon();
  }

  /** Hands over no more by itself. */
  close(): void {
    this.#isClosed = true;
  }

  /**
   * One answer, from asking to its end.
   *
   * @throws {Error} when the daemon cannot be reached, breaks off, or sends what is no log
   */
  async read(question: LogQuestion): Promise<ReadOutcome> {
    const { clock, socketPath, taker } = this.#options;
    const { containerId, isTty, signal } = question;
    const isBehind = this.#isClockBehind();
    const answer = await requestLog({
      socketPath,
      containerId,
      since: sinceOf(taker.point, clock.now()),
      // A daemon leaves out of what it follows everything before `since`, new messages too.
      follows: !isBehind,
      signal,
    });
    if (answer.kind !== 'answered') return answer;
    this.#options.onAnswered();
    taker.beginAnswer();
    const isRaw = answer.isRaw ?? isTty;
    const reader = isRaw ? await this.#terminalReader(question, answer.stream) : new FrameReader();
    this.#reader = reader;
    const outcome = await this.#takeStream(answer.stream, reader, signal);
    if (outcome.kind !== 'ended') return outcome;
    if (isBehind && taker.hasLostPlace) {
      this.#addAll(taker.startOver());
      return { kind: 'yielded' };
    }
    if (!question.isAlive) this.takeRest();
    return outcome;
  }

  /** The container has stopped, and nothing can be missing at the end of the last answer. */
  takeRest(): void {
    const { taker } = this.#options;
    const rest = this.#reader?.end() ?? [];
    for (const { time, text } of rest) this.#noteUnterminated({ time, bytes: text.length });
    this.#takeAll(rest);
    this.#addAll(taker.end());
  }

  /** Until the outlet has room for more. */
  async untilRoom(signal: AbortSignal): Promise<void> {
    const { outlet } = this.#options;
    while (outlet.isFull && !signal.aborted) {
      outlet.flush();
      if (outlet.isFull) await this.#room.wait(watchIntervalMs, signal);
    }
  }

  /** Until all is handed over: no more will come. */
  async drain(signal: AbortSignal): Promise<void> {
    const { outlet, taker } = this.#options;
    this.#addAll(taker.end());
    while (!outlet.isEmpty && !signal.aborted) {
      outlet.flush(true);
      if (!outlet.isEmpty) await this.#room.wait(watchIntervalMs, signal);
    }
  }

  /** The restart is asked for after the log: an answer that follows ends with the life it began in. */
  async #terminalReader(
    { containerId, signal }: LogQuestion,
    stream: Readable,
  ): Promise<TtyReader> {
    const { socketPath } = this.#options;
    try {
      const restart = await requestLastRestart(containerId, { socketPath, signal });
      return new TtyReader(this.#unterminated, restart);
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }

  async #takeStream(
    stream: Readable,
    reader: MessageReader,
    signal: AbortSignal,
  ): Promise<{ kind: 'ended' | 'stalled' | 'yielded' }> {
    const over = new AbortController();
    let hasYielded = false;
    const watching = this.#watch(AbortSignal.any([signal, over.signal]), () => {
      hasYielded = true;
      stream.destroy();
    });
    try {
      for await (const bytes of stream) {
        const messages = reader.take(bytes as Buffer);
        if (reader instanceof TtyReader) this.#noteUnterminated(reader.unterminated);
        this.#takeAll(messages);
        if (!(await this.#makeRoom(signal))) return { kind: 'stalled' };
      }
    } catch (error) {
      if (!hasYielded) throw error;
    } finally {
      over.abort();
      await watching;
    }
    return { kind: hasYielded ? 'yielded' : 'ended' };
  }

  /** Says once when the connection is to be given up although it works. */
  async #watch(signal: AbortSignal, onYield: () => void): Promise<void> {
    const { clock, mustYield } = this.#options;
    const startMs = clock.monotonic();
    while (!signal.aborted) {
      await clock.sleep(watchIntervalMs, signal).catch(() => undefined);
      if (signal.aborted) break;
      if (mustYield(clock.monotonic() - startMs) || this.#isClockBehind()) {
        onYield();
        return;
      }
    }
  }

  /** What comes now is cut by it: a crash must not forget it. */
  #noteUnterminated(found: Unterminated | null): void {
    if (found === this.#unterminated) return;
    this.#unterminated = found;
    this.#options.outlet.demandCheckpoint();
  }

  #takeAll(messages: readonly LogMessage[]): void {
    for (const message of messages) this.#addAll(this.#options.taker.take(message));
  }

  #addAll(groups: readonly RecordGroup[]): void {
    if (groups.length === 0) return;
    for (const group of groups) this.#options.outlet.add(group);
    this.#options.onProgress();
    this.#flushSoon();
  }

  /** Waits until there is room for more; false when that takes too long. */
  async #makeRoom(signal: AbortSignal): Promise<boolean> {
    const { clock, outlet } = this.#options;
    if (!outlet.isFull) return true;
    const untilMs = clock.monotonic() + maxStallMs;
    for (;;) {
      outlet.flush();
      if (!outlet.isFull) return true;
      if (signal.aborted || clock.monotonic() >= untilMs) return false;
      await this.#room.wait(gatherMs, signal);
    }
  }

  /** Once, some milliseconds from now, for all that comes until then. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    void this.#flushLater(this.#options.outlet.isHeld ? heldMs : gatherMs);
  }

  async #flushLater(delayMs: number): Promise<void> {
    await this.#options.clock.sleep(delayMs);
    this.#isFlushing = false;
    if (this.#isClosed) return;
    this.#options.outlet.flush();
    if (!this.#options.outlet.isEmpty) this.#flushSoon();
  }

  #isClockBehind(): boolean {
    const { clock, taker } = this.#options;
    return timeMs(taker.point.latest) > clock.now() + clockSlackMs;
  }
}
