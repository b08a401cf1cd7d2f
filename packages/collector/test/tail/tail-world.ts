import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hostLabels } from '@plimsoll/model';
import { silentLogger, type Clock } from '@plimsoll/runtime';
import { CheckpointStore } from '../../src/checkpoint/store.ts';
import { checkpointVersion, type Checkpoint } from '../../src/checkpoint/format.ts';
import { LogFrames } from '../../src/publish/log-frames.ts';
import { Outbox } from '../../src/publish/outbox.ts';
import { TailSink } from '../../src/publish/tail-sink.ts';
import type { TailFormat } from '../../src/tail/cut.ts';
import type { LogGap } from '../../src/tail/path-spec.ts';
import type { RecordProcessor } from '../../src/tail/record-processor.ts';
import { tailDefaults, Tailer, type TailerOptions } from '../../src/tail/tailer.ts';
import { Unpacker } from '../../src/tail/unpacker.ts';
import { FakePublisher } from '../publish/fake-publisher.ts';
import { StoredLines } from './stored-lines.ts';

export interface TailWorldOptions {
  format?: TailFormat;
  startAt?: 'beginning' | 'end';
  maxOpenFiles?: number;
  maxInFlightBytes?: number;
  timing?: TailerOptions['timing'];
  processor?: RecordProcessor;
}

/**
 * A tailer over real files in a folder of its own, with time, transport and crashes in the hands
 * of the test.
 */
export class TailWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'plimsoll-tail-'));
  readonly stored = new StoredLines();
  readonly gaps: LogGap[] = [];
  readonly problems: [string, string | null][] = [];
  publisher = new FakePublisher();
  nowMs = 1000;
  tailer!: Tailer;
  frames!: LogFrames;
  outbox!: Outbox;
  store!: CheckpointStore;
  /** Chunks the transport refused, in bytes. */
  refusedBytes = 0;
  acknowledgedLines = 0;

  readonly #options: TailWorldOptions;
  readonly #unpacker: Unpacker;
  readonly #followed = new Set<string>();

  constructor(options: TailWorldOptions = {}) {
    this.#options = options;
    const { maxUnpackedBytes = tailDefaults.maxUnpackedBytes } = options.timing ?? {};
    this.#unpacker = new Unpacker({ folder: this.path('state'), maxBytes: maxUnpackedBytes });
  }

  static async start(options: TailWorldOptions = {}): Promise<TailWorld> {
    const world = new TailWorld(options);
    await world.boot();
    return world;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  follow(name: string): void {
    this.#followed.add(name);
    const format = this.#options.format ?? 'plain';
    this.tailer.follow({
      path: this.path(name),
      name,
      labels: hostLabels('default', 'host-a'),
      format,
      startAt: this.#options.startAt ?? 'beginning',
      readsHistory: true,
      processor: this.#options.processor,
    });
  }

  async boot(): Promise<void> {
    const clock: Clock = {
      now: () => 1_800_000_000_000 + this.nowMs,
      monotonic: () => this.nowMs,
      sleep: () => Promise.reject(new Error('nothing sleeps here')),
    };
    this.publisher = new FakePublisher();
    this.store = new CheckpointStore({
      path: this.path('state/checkpoint.json'),
      clock,
      logger: silentLogger(),
      snapshot: () => this.snapshot(),
    });
    const restored = await this.store.load();
    this.outbox = new Outbox({
      publisher: this.publisher,
      identity: { tenant: 'default', host: 'host-a', boot_id: 'b', collector_id: 'c', epoch: 1 },
      wallMs: () => clock.now(),
    });
    this.frames = new LogFrames({
      outbox: this.outbox,
      nowMs: () => this.nowMs,
      flushIntervalMs: 0,
      smallFrameWaitMs: 0,
      persist: () => this.store.writeNow(),
      onRoom: () => undefined,
      maxInFlightBytes: this.#options.maxInFlightBytes ?? 64 * 1024 * 1024,
      onAcknowledged: ({ lines }) => {
        this.acknowledgedLines += lines;
        this.store.markDirty();
      },
    });
    const sink = new TailSink({
      frames: this.frames,
      onRead: () => undefined,
      onRefused: (chunk) => {
        this.refusedBytes += chunk.end - chunk.start;
      },
    });
    this.tailer = new Tailer({
      host: 'host-a',
      sink,
      onGap: (gap) => this.gaps.push(gap),
      onProblem: (path, problem) => this.problems.push([path, problem]),
      nowMs: () => this.nowMs,
      wallMs: () => clock.now(),
      pollIntervalMs: 250,
      maxOpenFiles: this.#options.maxOpenFiles ?? 1000,
      restored: { files: restored?.files ?? [], done: restored?.done ?? [] },
      unpacker: this.#unpacker,
      ...(this.#options.timing ? { timing: this.#options.timing } : {}),
    });
    for (const name of this.#followed) this.follow(name);
  }

  snapshot(): Checkpoint {
    return {
      version: checkpointVersion,
      collector_id: 'c',
      epoch: 1,
      docker_events_since: '',
      kernel_log: null,
      ...this.tailer.checkpoint(),
    };
  }

  /** Lets time pass and reads what there is, until nothing more happens. */
  async pass(elapsedMs = 2000): Promise<void> {
    this.nowMs += elapsedMs;
    for (let count = 0; count < 50; count += 1) {
      const delay = await this.tailer.pass();
      await this.#unpacker.idle();
      this.frames.sealWhenDue();
      if (delay > 1) break;
      if (delay === 1) this.nowMs += 1;
      if (this.tailer.isBlocked) break;
    }
    this.frames.seal();
    await this.settle();
  }

  /** Waits until every frame that was made has reached the transport. */
  async settle(): Promise<void> {
    while (this.outbox.inFlightFrames > this.publisher.pending.length) await nextTurn();
  }

  /** The transport makes the first frames durable and says so. */
  async acknowledge(count = Infinity): Promise<void> {
    const frames = this.publisher.acknowledge(count);
    for (const frame of frames) await this.stored.store(frame);
    await this.settle();
    await nextTurn();
  }

  /** Reads, acknowledges and lets retired files go, until all that can be read is stored. */
  async drain(): Promise<void> {
    for (let round = 0; round < 12; round += 1) {
      await this.pass(10_000);
      await this.acknowledge();
    }
  }

  /**
   * kill -9: nothing is flushed. The first `durable` frames under way had become durable without
   * the collector hearing of it.
   */
  async crash(durable: number): Promise<void> {
    for (const { frame } of this.publisher.pending.slice(0, durable)) {
      await this.stored.store(frame);
    }
    this.outbox.abort();
    this.tailer.closeAll();
    await this.boot();
  }

  dispose(): void {
    this.outbox.abort();
    this.tailer.closeAll();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
