import {
  ManualClock,
  Metrics,
  PlimsollError,
  silentLogger,
  systemClock,
  type Clock,
  type Config,
} from '@plimsoll/runtime';
import type { Engine } from '@plimsoll/storage';
import { openTestEngine } from '@plimsoll/storage/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Alerting, type WebhookPayload } from '../src/index.ts';
import { insertRows, nowMs, samples } from './rows.ts';
import { startServer, status } from './webhook/test-server.ts';

let engine: Engine;
const cleanups: (() => Promise<void>)[] = [];

beforeEach(async () => {
  const opened = await openTestEngine();
  engine = opened.engine;
  cleanups.push(async () => opened[Symbol.asyncDispose]());
}, 60_000);

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const limit = 1024 ** 3;

/** Memory of one container at a share of its limit, up to so many seconds after `nowMs`. */
async function memoryAt(share: number, fromSecond: number, toSecond: number): Promise<void> {
  const rows = samples({
    name: 'app',
    from: -fromSecond,
    to: -toSecond,
    step: 5,
    started: 1000,
    values: () => ({
      memory_unreclaimable_bytes: Math.round(share * limit),
      memory_limit_bytes: limit,
    }),
  });
  await insertRows(engine, 'container_stats', rows);
}

type AlertingConfig = Config['alerting'];

function configOf(overrides: Partial<AlertingConfig> = {}): AlertingConfig {
  return { enabled: true, interval: 15_000, rules: {}, webhooks: [], ...overrides };
}

function webhook(url: string): AlertingConfig['webhooks'][number] {
  return { name: 'hook', url, timeout: 5000, max_attempts: 3, send_resolved: true };
}

/** Wall time by hand, sleeps in truth: HTTP does not wait for a clock of ours. */
class TestClock implements Clock {
  wall = nowMs;
  elapsed = 0;
  now(): number {
    return this.wall;
  }
  monotonic(): number {
    return this.elapsed;
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }
  advance(ms: number): void {
    this.wall += ms;
    this.elapsed += ms;
  }
}

function alertingOf(clock: Clock, config: AlertingConfig, using: Engine = engine): Alerting {
  const alerting = new Alerting({
    engine: using,
    config,
    tenant: 'default',
    logger: silentLogger(),
    metrics: new Metrics(),
    clock,
    random: () => 0.01,
  });
  cleanups.push(() => alerting.stop());
  return alerting;
}

async function stateOf(rule: string): Promise<string[]> {
  const sql = 'SELECT state FROM alerts FINAL WHERE rule = {rule:String}';
  const rows = await engine.select<{ state: string }>(sql, { params: { rule } });
  return rows.map((row) => row.state);
}

async function rounds(alerting: Alerting, clock: TestClock, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await alerting.round();
    clock.advance(15_000);
  }
}

describe('Alerting', () => {
  it('takes an alert from pending to firing to resolved, and tells of both ends once', async () => {
    const server = await startServer(status(200));
    cleanups.push(server.close);
    await memoryAt(0.95, -60, 100);
    const clock = new TestClock();
    const alerting = alertingOf(clock, configOf({ webhooks: [webhook(server.url)] }));
    await alerting.start();
    await alerting.round();
    expect(await stateOf('memory_near_limit')).toEqual(['pending']);
    clock.advance(15_000);
    await rounds(alerting, clock, 2);
    expect(await stateOf('memory_near_limit')).toEqual(['firing']);
    await vi.waitFor(() => expect(server.received).toHaveLength(1));
    await memoryAt(0.2, 101, 200);
    clock.advance(100_000);
    await rounds(alerting, clock, 3);
    expect(await stateOf('memory_near_limit')).toEqual(['resolved']);
    await vi.waitFor(() => expect(server.received).toHaveLength(2));
    const told = server.received.map(({ body }) => JSON.parse(body) as WebhookPayload);
    expect(told.map((payload) => payload.status)).toEqual(['firing', 'resolved']);
    expect(new Set(told.map((payload) => payload.alert.fingerprint)).size).toBe(1);
    const transitions = await engine.select<{ change: string }>(
      "SELECT concat(from_state, ' ', to_state) AS change FROM alert_transitions ORDER BY time",
    );
    expect(transitions.map((row) => row.change)).toEqual([
      'inactive pending',
      'pending firing',
      'firing resolved',
    ]);
  });

  it('forgets nothing over a restart, and does not tell twice', async () => {
    const server = await startServer(status(200));
    cleanups.push(server.close);
    await memoryAt(0.95, -60, 400);
    const clock = new TestClock();
    const config = configOf({ webhooks: [webhook(server.url)] });
    const first = alertingOf(clock, config);
    await first.start();
    await rounds(first, clock, 4);
    await vi.waitFor(() => expect(server.received).toHaveLength(1));
    const [before] = first.active();
    await first.stop();
    clock.advance(60_000);

    const second = alertingOf(clock, config);
    await second.start();
    await rounds(second, clock, 3);
    const [after] = second.active();
    expect(after).toMatchObject({
      state: 'firing',
      activeAt: before?.activeAt,
      firingAt: before?.firingAt,
    });
    expect(server.received).toHaveLength(1);
  });

  it('tells after a restart what it could not before', async () => {
    const down = await startServer(() => undefined);
    await memoryAt(0.95, -60, 400);
    const clock = new TestClock();
    const first = alertingOf(clock, configOf({ webhooks: [webhook(down.url)] }));
    await first.start();
    await rounds(first, clock, 4);
    await vi.waitFor(() => expect(down.received).toHaveLength(1));
    await first.stop();
    await down.close();

    const server = await startServer(status(200));
    cleanups.push(server.close);
    const second = alertingOf(clock, configOf({ webhooks: [webhook(server.url)] }));
    await second.start();
    await vi.waitFor(() => expect(server.received).toHaveLength(1));
    const payload = JSON.parse(server.received[0]?.body ?? '') as WebhookPayload;
    expect(payload.status).toBe('firing');
    expect(payload.id).toBe((JSON.parse(down.received[0]?.body ?? '') as WebhookPayload).id);
  });

  it('keeps its alerts and reports the reason while the engine fails', async () => {
    await memoryAt(0.95, -60, 400);
    const clock = new TestClock();
    const broken = { is: false };
    const flaky: Engine = {
      ...engineMethods(engine),
      select: (sql, options) =>
        broken.is && sql.includes('container_stats')
          ? Promise.reject(new Error('expected an engine, got a broken one'))
          : engine.select(sql, options),
    };
    const alerting = alertingOf(clock, configOf(), flaky);
    await alerting.start();
    await rounds(alerting, clock, 4);
    broken.is = true;
    await rounds(alerting, clock, 4);
    expect(alerting.active().map(({ rule, state }) => `${rule} ${state}`)).toEqual([
      'memory_near_limit firing',
    ]);
    const rows = await engine.select<{ error: string }>(
      "SELECT error FROM alert_rule_status FINAL WHERE rule = 'memory_near_limit'",
    );
    expect(rows[0]?.error).toContain('a broken one');
  });

  it('holds everything for a moment when the clock is set', async () => {
    await memoryAt(0.95, -60, 400);
    const clock = new TestClock();
    const alerting = alertingOf(clock, configOf());
    await alerting.start();
    await rounds(alerting, clock, 4);
    clock.wall += 3_600_000;
    await rounds(alerting, clock, 2);
    expect(alerting.active()).toHaveLength(1);
    clock.wall -= 3_600_000;
    await rounds(alerting, clock, 3);
    expect(alerting.active()).toHaveLength(1);
  });

  it('ends the alerts of a rule that was switched off', async () => {
    await memoryAt(0.95, -60, 400);
    const clock = new TestClock();
    const first = alertingOf(clock, configOf());
    await first.start();
    await rounds(first, clock, 4);
    await first.stop();
    const rules = { memory_near_limit: { enabled: false } };
    const second = alertingOf(clock, configOf({ rules }));
    await second.start();
    await rounds(second, clock, 1);
    expect(await stateOf('memory_near_limit')).toEqual(['resolved']);
  });

  it('refuses to start with a rule that does not exist, and names those that do', async () => {
    const alerting = alertingOf(new ManualClock(nowMs), configOf({ rules: { no_such: {} } }));
    await expect(alerting.start()).rejects.toThrow(PlimsollError);
    await expect(alerting.start()).rejects.toThrow(/no_such: expected one of .*memory_leak/);
  });

  it('does nothing when it is off, and stops twice', async () => {
    const alerting = alertingOf(new ManualClock(nowMs), configOf({ enabled: false }));
    await alerting.start();
    await alerting.stop();
    await alerting.stop();
    expect(await stateOf('memory_near_limit')).toEqual([]);
  });
});

/** An engine's methods as values, for a test to replace one. */
function engineMethods(real: Engine): Engine {
  return {
    kind: real.kind,
    database: real.database,
    schema: real.schema,
    endpoints: () => real.endpoints(),
    insert: (request) => real.insert(request),
    select: (sql, options) => real.select(sql, options),
    stream: (sql, options) => real.stream(sql, options),
    command: (sql, options) => real.command(sql, options),
    adhoc: (sql, limits, signal) => real.adhoc(sql, limits, signal),
    ping: () => real.ping(),
    close: () => real.close(),
  };
}
