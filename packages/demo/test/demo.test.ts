import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeFrame, type Frame } from '@plimsoll/model';
import { configSchema, silentLogger } from '@plimsoll/runtime';
import type { OutboundFrame, Publisher } from '@plimsoll/transport';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Demo } from '../src/index.ts';

type Row = Record<string, unknown>;

/** Takes every frame at once and keeps it. */
class KeepingPublisher implements Publisher {
  readonly frames: Frame[] = [];

  async publish(frame: OutboundFrame): Promise<void> {
    this.frames.push(await decodeFrame(frame.bytes));
  }

  rows(table: string): Row[] {
    return this.frames.flatMap((frame) => {
      if (frame.kind !== 'rows' || frame.header.table !== table) return [];
      const { columns } = frame.header;
      const lines = frame.payload.toString().trimEnd().split('\n');
      return lines.map((line) => {
        const values = JSON.parse(line) as unknown[];
        return Object.fromEntries(columns.map((column, i) => [column, values[i]]));
      });
    });
  }

  logText(): string {
    return this.frames
      .filter((frame) => frame.kind === 'logs')
      .map((frame) => frame.payload.toString())
      .join('');
  }
}

const hosts = 2;
const containersPerHost = 20;
const minuteMs = 60_000;

const publisher = new KeepingPublisher();
const directory = mkdtempSync(join(tmpdir(), 'plimsoll-demo-'));
const progress: number[] = [];
const demo = new Demo({
  directory: join(directory, 'hosts'),
  stateDirectory: join(directory, 'collector'),
  tenant: 'default',
  version: '0.0.0',
  config: configSchema.parse({}).collector,
  publisher,
  logger: silentLogger(),
  hosts,
  containersPerHost,
  historyMs: 30 * minuteMs,
  onProgress: (done) => progress.push(done),
});
let history: Row[] = [];

beforeAll(async () => {
  await demo.fill();
  history = publisher.rows('container_stats');
  await demo.start();
  await vi.waitFor(
    () => {
      const live = publisher.rows('container_stats').slice(history.length);
      const isThere =
        new Set(live.map((row) => row['host'])).size === hosts &&
        publisher.rows('collector_stats').length >= hosts &&
        publisher.logText().includes('"log":');
      if (!isThere) throw new Error('expected rows and lines of every collector');
    },
    { timeout: 30_000, interval: 200 },
  );
}, 60_000);

afterAll(async () => {
  await demo.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('the demo', () => {
  it('makes a past of every container, up to now', () => {
    const ids = new Set(history.map((row) => row['container_id']));
    expect(ids.size).toBe(hosts * containersPerHost);
    const perContainer = history.length / ids.size;
    expect(perContainer).toBeGreaterThan(170);
    expect(perContainer).toBeLessThanOrEqual(180);
    expect(progress.at(-1)).toBe(1);
    expect(publisher.rows('host_stats').length).toBeGreaterThanOrEqual(hosts * 180);
  });

  it('goes on where the past ended: real collectors read nearly the same from files', () => {
    const newest = new Map(history.map((row) => [row['container_id'], row]));
    const live = publisher.rows('container_stats').slice(history.length);
    const steady = live.filter((row) => row['compose_service'] === 'web');
    expect(steady.length).toBeGreaterThan(0);
    for (const row of steady) {
      const before = newest.get(row['container_id']);
      for (const name of ['memory_anon_bytes', 'memory_kernel_bytes', 'cpu_usage_seconds_total']) {
        const ratio = Number(row[name]) / Number(before?.[name]);
        expect(ratio, name).toBeGreaterThan(0.8);
        expect(ratio, name).toBeLessThan(1.25);
      }
      expect(row['started_at']).toBe(before?.['started_at']);
      expect(row['memory_limit_bytes']).toBe(before?.['memory_limit_bytes']);
      expect(row['pids_current']).toBe(row['threads']);
    }
  });

  it('tells its stories: a kill loop, a throttled one, leaks, something unhealthy', () => {
    const events = publisher.rows('events');
    const kinds = new Set(events.map((row) => row['kind']));
    for (const kind of ['oom_kill', 'container_oom', 'container_die', 'container_start']) {
      expect(kinds).toContain(kind);
    }
    const killed = events.filter((row) => row['kind'] === 'container_oom');
    expect(new Set(killed.map((row) => row['compose_service']))).toEqual(new Set(['etl-nightly']));
    const throttled = history.filter(
      (row) => Number(row['cpu_throttled_periods_total']) > 0.3 * Number(row['cpu_periods_total']),
    );
    expect(new Set(throttled.map((row) => row['compose_service']))).toEqual(new Set(['search']));
    const targets = publisher.rows('targets');
    const sick = targets.filter((row) => row['health'] === 'unhealthy');
    expect(new Set(sick.map((row) => row['compose_service']))).toEqual(new Set(['mailer']));
    const leaking = history.filter((row) => row['container_name'] === 'shop-checkout-1');
    const memory = leaking.map((row) => Number(row['memory_unreclaimable_bytes']));
    const [first = 0] = memory;
    expect(Math.min(...memory.slice(-20)) - first).toBeGreaterThan(0);
  });

  it('writes logs as Docker does, in several styles', () => {
    const text = publisher.logText();
    const lines = text.trimEnd().split('\n').slice(0, 5000);
    for (const line of lines) {
      const { log, stream, time } = JSON.parse(line) as Record<string, string>;
      expect(log).toMatch(/\n$/);
      expect(['stdout', 'stderr']).toContain(stream);
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    }
    expect(text).toContain('request_id');
    expect(text).toContain('[debug]');
    expect(text).toContain(String.raw`\u001b[`);
  });
});
