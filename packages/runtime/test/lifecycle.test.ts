import { describe, expect, test } from 'vitest';
import { Lifecycle, ManualClock, silentLogger } from '../src/index.ts';
import type { Component } from '../src/index.ts';

interface Recorder {
  calls: string[];
  part: (name: string, more?: Partial<Component>) => Component;
}

function recorder(): Recorder {
  const calls: string[] = [];
  const part = (name: string, more: Partial<Component> = {}): Component => ({
    name,
    start: () => void calls.push(`start ${name}`),
    stop: () => void calls.push(`stop ${name}`),
    ...more,
  });
  return { calls, part };
}

const logger = silentLogger();
const never = (): Promise<void> => new Promise(() => undefined);

describe('Lifecycle', () => {
  test('starts in the order written and stops in reverse, once', async () => {
    const { calls, part } = recorder();
    const lifecycle = new Lifecycle({ logger }).add(part('a')).add(part('b')).add(part('c'));
    await lifecycle.start();
    expect(lifecycle.state).toBe('running');
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    await lifecycle.stop();
    expect(calls).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
    expect(lifecycle.state).toBe('stopped');
  });

  test('stops what had started when a part fails, and says which part and why', async () => {
    const { calls, part } = recorder();
    const failing = part('b', {
      start: () => {
        throw new Error('no such device');
      },
    });
    const lifecycle = new Lifecycle({ logger }).add(part('a')).add(failing).add(part('c'));
    await expect(lifecycle.start()).rejects.toMatchObject({
      code: 'component_start_failed',
      message: 'expected b to start, got: no such device',
    });
    expect(calls).toEqual(['start a', 'stop b', 'stop a']);
  });

  test('leaves a part behind that outlives its deadline and stops the others', async () => {
    const { calls, part } = recorder();
    const clock = new ManualClock();
    const lifecycle = new Lifecycle({ logger, clock })
      .add(part('a'))
      .add(part('stuck', { stop: never, stopTimeoutMs: 1000 }))
      .add(part('c'));
    await lifecycle.start();
    const stopping = lifecycle.stop();
    await clock.advance(1000);
    const report = await stopping;
    expect(calls.slice(-2)).toEqual(['stop c', 'stop a']);
    expect(report.failures).toMatchObject([
      { component: 'stuck', error: { code: 'component_stop_timeout' } },
    ]);
    expect(clock.sleeping).toBe(0);
  });

  test('ends within the total even when every part is stuck', async () => {
    const clock = new ManualClock();
    const lifecycle = new Lifecycle({ logger, clock, stopTimeoutMs: 10_000 });
    for (const name of ['a', 'b', 'c', 'd']) lifecycle.add({ name, stop: never });
    await lifecycle.start();
    const stopping = lifecycle.stop();
    await clock.advance(10_000);
    expect((await stopping).failures).toHaveLength(4);
  });

  test('a part whose stop throws does not keep the others from stopping', async () => {
    const { calls, part } = recorder();
    const failing = part('b', {
      stop: () => {
        throw new Error('disk full');
      },
    });
    const lifecycle = new Lifecycle({ logger }).add(part('a')).add(failing);
    await lifecycle.start();
    const report = await lifecycle.stop();
    expect(report.failures).toMatchObject([{ component: 'b', error: { message: 'disk full' } }]);
    expect(calls.at(-1)).toBe('stop a');
  });

  test('a stop in the middle of the start begins no further part', async () => {
    const { calls, part } = recorder();
    const gate = Promise.withResolvers<void>();
    const slow = part('b', { start: () => gate.promise });
    const lifecycle = new Lifecycle({ logger }).add(part('a')).add(slow).add(part('c'));
    const starting = lifecycle.start();
    await new Promise((resolve) => setImmediate(resolve));
    const stopping = lifecycle.stop();
    gate.resolve();
    await Promise.all([starting, stopping]);
    expect(calls).toEqual(['start a', 'stop b', 'stop a']);
    expect(lifecycle.state).toBe('stopped');
  });

  test('a start that waits for others is told to end, and is no failure then', async () => {
    const { calls, part } = recorder();
    const waiting = part('b', {
      start: async (signal) => {
        await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      },
    });
    const lifecycle = new Lifecycle({ logger }).add(part('a')).add(waiting).add(part('c'));
    const starting = lifecycle.start();
    await expect.poll(() => lifecycle.waitsFor).toBe('b');
    expect(await lifecycle.stop()).toEqual({ failures: [] });
    await starting;
    expect(lifecycle.waitsFor).toBeNull();
    expect(calls).toEqual(['start a', 'stop b', 'stop a']);
  });

  test('a part is not stopped under its own start, unless that takes half the total', async () => {
    const { calls, part } = recorder();
    const clock = new ManualClock();
    const lifecycle = new Lifecycle({ logger, clock, stopTimeoutMs: 10_000 })
      .add(part('a'))
      .add(part('stuck', { start: never }));
    void lifecycle.start();
    await clock.advance(0);
    const stopping = lifecycle.stop();
    await clock.advance(4999);
    expect(calls).toEqual(['start a']);
    await clock.advance(1);
    await stopping;
    expect(calls).toEqual(['start a', 'stop stuck', 'stop a']);
  });
});
