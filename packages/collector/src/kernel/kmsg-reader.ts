/**
 * Follows the kernel log and turns what matters into events.
 *
 * - Begins after the given position when the boot is the same, else at the oldest record that the
 *   kernel still has.
 * - The position moves past a record only after the events up to it were taken, so a crash repeats
 *   events (with the same ids) rather than losing them.
 * - Waits for its events to be taken before it reads on: the kernel's ring is the only buffer, and
 *   what it writes over meanwhile is counted as lost.
 * - No kernel log, or no permission to read it, is a condition that is stated and looked at again,
 *   never an error.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventRow, TargetLabels } from '@plimsoll/model';
import { type Clock, systemClock } from '@plimsoll/runtime';
import { untilBeat } from '../beat.ts';
import { containerOfProcess } from './container-of-path.ts';
import { EventLimiter } from './event-limiter.ts';
import { kernelEvent, type KernelEventContext, oomKillEvent } from './kernel-event.ts';
import { conditionOf, type KmsgCondition } from './kmsg-condition.ts';
import { type KernelProcess, matchKernelPattern } from './kernel-patterns.ts';
import type { KmsgPosition } from './kmsg-position.ts';
import { type KmsgRecord, parseKmsgRecord } from './kmsg-record.ts';
import { type KmsgSource, openKmsg, ReplacedError } from './kmsg-source.ts';
import { OomKills } from './oom-kills.ts';

const reopenIntervalMs = 30_000;
/** Records read before their events are handed over and others get a turn. */
const maxBatchRecords = 512;
/** A kill whose second record has not come after this many polls is told without it. */
const maxPendingPolls = 4;
/** Of a record that names a process, beyond which the process is not looked for. */
const maxProcessAgeMs = 60_000;
/** The clock was set when the computed time of boot moves by more than this. */
const maxBootTimeDriftMs = 2000;

export interface KmsgBatch {
  events: EventRow[];
  /** To be checkpointed once the events are safe. */
  position: KmsgPosition;
}

export interface KmsgReaderOptions {
  /** The device, or a file or pipe in its place. */
  readonly path: string;
  /** Root of the kernel's process files, for the boot id. */
  readonly proc: string;
  readonly tenant: string;
  readonly host: string;
  readonly labelsOf: (containerId: string) => TargetLabels | undefined;
  /** Container of a process that may have ended; asked where its control group does not say it. */
  readonly containerOf?: (pid: number) => string | undefined;
  /** Where an earlier process got to. */
  readonly position?: KmsgPosition | undefined;
  /** Takes events; resolves when they are safe. A rejection drops and counts them. */
  readonly onEvents: (batch: KmsgBatch, signal: AbortSignal) => Promise<void> | void;
  readonly onCondition?: (condition: KmsgCondition) => void;
  readonly clock?: Clock;
  /** Milliseconds of the kernel's monotonic clock. */
  readonly uptimeMs?: () => number;
  /** Default: each second, with others that wake up then. */
  readonly pollIntervalMs?: number;
}

export class KmsgReader {
  readonly #options: KmsgReaderOptions;
  readonly #clock: Clock;
  readonly #uptimeMs: () => number;
  readonly #limiter = new EventLimiter();
  #kills = new OomKills();
  #source: KmsgSource | undefined;
  #position: KmsgPosition | undefined;
  #condition: KmsgCondition = { kind: 'stopped' };
  #lastSequence = -1;
  #lost = 0;
  #rejected = 0;
  #pendingPolls = 0;
  #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: KmsgReaderOptions) {
    this.#options = options;
    this.#position = options.position;
    this.#clock = options.clock ?? systemClock;
    this.#uptimeMs = options.uptimeMs ?? (() => Number(process.hrtime.bigint()) / 1e6);
  }

  get condition(): KmsgCondition {
    return this.#condition;
  }

  /** How far events were taken; undefined before the log was opened for the first time. */
  get position(): KmsgPosition | undefined {
    return this.#position;
  }

  /** Records that the kernel wrote over before they were read. */
  get lostTotal(): number {
    return this.#lost;
  }

  /** Events not told, by reason. */
  get droppedTotal(): Readonly<Record<string, number>> {
    return {
      kernel_event_rate_limited: this.#limiter.droppedTotal,
      kernel_event_rejected: this.#rejected,
    };
  }

  start(): void {
    if (this.#loop) return;
    this.#stopping = new AbortController();
    this.#loop = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    this.#loop = undefined;
    this.#close({ kind: 'stopped' });
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        if (!this.#source) this.#open();
        if (this.#source) await this.#drain(this.#source, signal);
        await this.#clock.sleep(this.#waitMs(), signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** A file that was replaced is opened again at once, anything else is given time. */
  #waitMs(): number {
    const isReading = this.#condition.kind === 'reading';
    if (!isReading) return reopenIntervalMs;
    return this.#options.pollIntervalMs ?? untilBeat(this.#clock);
  }

  #open(): void {
    try {
      const source = openKmsg(this.#options.path);
      this.#source = source;
      this.#position = this.#startPosition(source.id);
      this.#lastSequence = this.#position.sequence;
      this.#kills = new OomKills();
      this.#state({ kind: 'reading' });
    } catch (error) {
      this.#state(conditionOf(error, this.#options.path));
    }
  }

  #startPosition(source: string): KmsgPosition {
    const bootId = readBootId(this.#options.proc);
    const known = this.#position;
    const isSame = known?.boot_id === bootId && known.source === source;
    return {
      boot_id: bootId,
      source,
      sequence: isSame ? known.sequence : -1,
      boot_time_ms: this.#bootTime(isSame ? known.boot_time_ms : undefined),
    };
  }

  /** The known time of boot, unless the clock was set since. */
  #bootTime(known: number | undefined): number {
    const computed = Math.round(this.#clock.now() - this.#uptimeMs());
    if (known === undefined) return computed;
    return Math.abs(computed - known) > maxBootTimeDriftMs ? computed : known;
  }

  async #drain(source: KmsgSource, signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        const isMore = await this.#readBatch(source, signal);
        if (!isMore || signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ReplacedError) this.#close({ kind: 'reading' });
      else this.#close(conditionOf(error, this.#options.path));
    }
  }

  /** Reads some records and hands over their events; false when the log was read to its end. */
  async #readBatch(source: KmsgSource, signal: AbortSignal): Promise<boolean> {
    const position = this.#position;
    if (!position) return false;
    const bootTimeMs = this.#bootTime(position.boot_time_ms);
    const { tenant, host, labelsOf } = this.#options;
    const context: KernelEventContext = {
      tenant,
      host,
      labelsOf,
      containerOfProcess: (process, timeMs) => this.#containerOf(process, timeMs),
      bootId: position.boot_id,
      bootTimeMs,
    };
    const events: EventRow[] = [];
    let isAtEnd = false;
    for (let count = 0; count < maxBatchRecords && !isAtEnd; count++) {
      const read = source.read();
      if (read.kind === 'end') isAtEnd = true;
      else if (read.kind === 'record') this.#take(read.text, context, events);
    }
    if (isAtEnd) this.#flushLate(context, events);
    const handled = (this.#kills.pendingSequence ?? this.#lastSequence + 1) - 1;
    const sequence = Math.max(position.sequence, handled);
    const next: KmsgPosition = { ...position, sequence, boot_time_ms: bootTimeMs };
    if (events.length > 0) await this.#give({ events, position: next }, signal);
    if (!signal.aborted) this.#position = next;
    return !isAtEnd;
  }

  #take(text: string, context: KernelEventContext, events: EventRow[]): void {
    const record = parseKmsgRecord(text);
    if (!record || record.sequence <= this.#lastSequence) return;
    this.#countLost(record);
    this.#lastSequence = record.sequence;
    for (const kill of this.#kills.push(record)) events.push(oomKillEvent(kill, context));
    if (OomKills.isPart(record.text)) return;
    const finding = matchKernelPattern(record.text);
    if (!finding || !this.#limiter.admit(finding.pattern.name, record.microseconds)) return;
    events.push(kernelEvent(record, finding, context));
  }

  /** By now the process may have ended, and its id may be another's. */
  #containerOf({ name, pid }: KernelProcess, timeMs: number): string | undefined {
    if (this.#clock.now() - timeMs > maxProcessAgeMs) return undefined;
    const { proc, containerOf } = this.#options;
    return containerOfProcess(join(proc, String(pid)), name) ?? containerOf?.(pid);
  }

  /** Sequence numbers have no gaps, so one says how many records were written over. */
  #countLost(record: KmsgRecord): void {
    if (this.#lastSequence >= 0) this.#lost += record.sequence - this.#lastSequence - 1;
  }

  #flushLate(context: KernelEventContext, events: EventRow[]): void {
    if (this.#kills.pendingSequence === undefined) {
      this.#pendingPolls = 0;
      return;
    }
    this.#pendingPolls++;
    if (this.#pendingPolls < maxPendingPolls) return;
    this.#pendingPolls = 0;
    for (const kill of this.#kills.flush()) events.push(oomKillEvent(kill, context));
  }

  async #give(batch: KmsgBatch, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.onEvents(batch, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      this.#rejected += batch.events.length;
    }
  }

  #close(condition: KmsgCondition): void {
    this.#source?.close();
    this.#source = undefined;
    this.#state(condition);
  }

  #state(condition: KmsgCondition): void {
    const isSame = condition.kind === this.#condition.kind;
    this.#condition = condition;
    if (!isSame) this.#options.onCondition?.(condition);
  }
}

function readBootId(proc: string): string {
  try {
    return readFileSync(join(proc, 'sys/kernel/random/boot_id'), 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
