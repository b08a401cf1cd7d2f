import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostLabels, type EventRow } from '@plimsoll/model';
import { silentLogger, systemClock, type Clock } from '@plimsoll/runtime';
import { expect, vi } from 'vitest';
import { ApiLogs, type ApiLogsOptions } from '../../src/api-logs/api-logs.ts';
import { parseCheckpoint, type CheckpointStream } from '../../src/checkpoint/format.ts';
import { DropLedger } from '../../src/drops.ts';
import { makeTarget, type Target } from '../../src/target.ts';
import { FakeLogDaemon } from './fake-log-daemon.ts';
import { FakeSink } from './fake-sink.ts';

export const id = 'c'.repeat(64);
/** In nanoseconds. */
export const second = 1e9;

/** A daemon, a sink, and the collectors that run between them. */
export class World {
  readonly #folder = mkdtempSync(join(tmpdir(), 'plimsoll-api-logs-'));
  readonly daemon = new FakeLogDaemon(join(this.#folder, 'docker.sock'));
  readonly sink = new FakeSink();
  readonly events: EventRow[] = [];
  readonly drops = new DropLedger();
  readonly #running: ApiLogs[] = [];

  async start(): Promise<void> {
    await this.daemon.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.map((logs) => logs.stop()));
    await this.daemon.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  begin(options: Partial<ApiLogsOptions> = {}): ApiLogs {
    const logs = new ApiLogs({
      tenant: 't',
      host: 'h',
      socketPath: this.daemon.socketPath,
      clock: systemClock,
      logger: silentLogger(),
      sink: this.sink,
      startAt: 'beginning',
      restored: [],
      drops: this.drops,
      onEvent: (event) => this.events.push(event),
      onAcknowledged: () => undefined,
      ...options,
    });
    this.#running.push(logs);
    return logs;
  }

  /** Ends as a crash does: what is in flight is never acknowledged. Gives what a checkpoint has. */
  async crash(logs: ApiLogs): Promise<CheckpointStream[]> {
    const { sink } = this;
    const streams = throughFile(logs.checkpoint());
    sink.forget();
    const { hasRoom } = sink;
    sink.hasRoom = false;
    await logs.stop();
    sink.hasRoom = hasRoom;
    return streams;
  }
}

export async function expectTexts({ sink }: World, texts: readonly string[]): Promise<void> {
  await vi.waitFor(
    () => {
      expect(sink.texts).toEqual(texts);
    },
    { timeout: 4000, interval: 10 },
  );
}

export async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(
    () => {
      expect(condition()).toBe(true);
    },
    { timeout: 6000, interval: 10 },
  );
}

export function target(change: Partial<Target> = {}): Target {
  const dockerId = change.dockerId ?? id;
  return makeTarget({
    dockerId,
    labels: { ...hostLabels('t', 'h'), container_id: dockerId, container_name: 'web' },
    state: 'running',
    startedAtMs: 1000,
    logSource: 'docker-api',
    logDriver: 'local',
    ...change,
  });
}

/** As the checkpoint's file gives them back. */
export function throughFile(streams: CheckpointStream[]): CheckpointStream[] {
  const text = JSON.stringify({
    version: 1,
    collector_id: 'i',
    epoch: 1,
    docker_events_since: '',
    kernel_log: null,
    files: [],
    streams,
  });
  const parsed = parseCheckpoint(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.streams ?? [];
}

/** The system's clock, with waits that are short and times that a test may move. */
export class FastClock implements Clock {
  skewMs = 0;
  wallMs: number | null = null;

  now(): number {
    return this.wallMs ?? systemClock.now() + this.skewMs;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.skewMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(Math.min(ms, 20), signal);
  }
}
