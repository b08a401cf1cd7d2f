import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { Lifecycle, ManualClock, runProcess, silentLogger } from '../src/index.ts';
import type { ProcessLike } from '../src/index.ts';

const logger = silentLogger();

function fakeProcess(): { host: ProcessLike; emitter: EventEmitter; exits: number[] } {
  const emitter = new EventEmitter();
  const exits: number[] = [];
  const host: ProcessLike = {
    on: (event, listener) => emitter.on(event, listener),
    off: (event, listener) => emitter.off(event, listener),
    exit: (code) => void exits.push(code),
  };
  return { host, emitter, exits };
}

async function started(options: { stop?: () => Promise<void> } = {}) {
  const { host, emitter, exits } = fakeProcess();
  const lifecycle = new Lifecycle({ logger }).add({ name: 'part', ...options });
  const isUp = Promise.withResolvers<void>();
  const clock = new ManualClock();
  const onStarted = (): void => isUp.resolve();
  const ended = runProcess(lifecycle, { logger, process: host, onStarted, clock });
  await isUp.promise;
  return { emitter, exits, ended, lifecycle, clock };
}

describe('runProcess', () => {
  test.each(['SIGINT', 'SIGTERM'])('stops in order on %s and ends with 0', async (signal) => {
    const { emitter, ended, exits, lifecycle } = await started();
    emitter.emit(signal, signal);
    await expect(ended).resolves.toBe(0);
    expect(lifecycle.state).toBe('stopped');
    expect(exits).toEqual([]);
    expect(emitter.eventNames()).toEqual([]);
  });

  test('takes a signal that comes twice for one, and leaves at once on a later one', async () => {
    const gate = Promise.withResolvers<void>();
    const { emitter, ended, exits, clock } = await started({ stop: () => gate.promise });
    emitter.emit('SIGINT', 'SIGINT');
    await clock.advance(100);
    emitter.emit('SIGINT', 'SIGINT');
    expect(exits).toEqual([]);
    await clock.advance(1000);
    emitter.emit('SIGINT', 'SIGINT');
    expect(exits).toEqual([130]);
    gate.resolve();
    await ended;
  });

  test.each(['uncaughtException', 'unhandledRejection'])(
    'logs and ends with 1 on %s',
    async (event) => {
      const { emitter, ended, exits } = await started();
      emitter.emit(event, new Error('a bug'));
      expect(exits).toEqual([1]);
      emitter.emit('SIGTERM', 'SIGTERM');
      await ended;
    },
  );

  test('ends with 1 when a part did not stop', async () => {
    const failing = (): Promise<void> => Promise.reject(new Error('disk full'));
    const { emitter, ended } = await started({ stop: failing });
    emitter.emit('SIGTERM', 'SIGTERM');
    await expect(ended).resolves.toBe(1);
  });

  test('throws what hindered the start and listens no longer', async () => {
    const { host, emitter } = fakeProcess();
    const lifecycle = new Lifecycle({ logger }).add({
      name: 'part',
      start: () => Promise.reject(new Error('no')),
    });
    await expect(runProcess(lifecycle, { logger, process: host })).rejects.toMatchObject({
      code: 'component_start_failed',
    });
    expect(emitter.eventNames()).toEqual([]);
  });

  test('a signal during the start stops without starting the rest', async () => {
    const { host, emitter } = fakeProcess();
    const gate = Promise.withResolvers<void>();
    const calls: string[] = [];
    const lifecycle = new Lifecycle({ logger })
      .add({ name: 'slow', start: () => gate.promise })
      .add({ name: 'next', start: () => void calls.push('next') });
    const ended = runProcess(lifecycle, { logger, process: host });
    emitter.emit('SIGTERM', 'SIGTERM');
    gate.resolve();
    await expect(ended).resolves.toBe(0);
    expect(calls).toEqual([]);
  });

  test('a part that never starts does not keep the process from ending', async () => {
    const { host, emitter } = fakeProcess();
    const clock = new ManualClock();
    const lifecycle = new Lifecycle({ logger, clock }).add({
      name: 'stuck',
      start: () => new Promise(() => undefined),
    });
    const ended = runProcess(lifecycle, { logger, process: host });
    await clock.advance(0);
    emitter.emit('SIGTERM', 'SIGTERM');
    await clock.advance(10_000);
    await expect(ended).resolves.toBe(0);
  });

  test('reloads on SIGHUP, one time after another, and not once it stops', async () => {
    const { host, emitter } = fakeProcess();
    const lifecycle = new Lifecycle({ logger }).add({ name: 'part' });
    const isUp = Promise.withResolvers<void>();
    let underWay = 0;
    let reloads = 0;
    const ended = runProcess(lifecycle, {
      logger,
      process: host,
      onStarted: () => isUp.resolve(),
      onReload: async () => {
        underWay += 1;
        expect(underWay).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 5));
        underWay -= 1;
        reloads += 1;
      },
    });
    await isUp.promise;
    for (let time = 0; time < 3; time++) emitter.emit('SIGHUP', 'SIGHUP');
    await expect.poll(() => reloads).toBe(3);
    emitter.emit('SIGTERM', 'SIGTERM');
    emitter.emit('SIGHUP', 'SIGHUP');
    await expect(ended).resolves.toBe(0);
    expect(reloads).toBe(3);
    expect(emitter.eventNames()).toEqual([]);
  });

  test('stops in order on a SIGHUP of a terminal that is gone', async () => {
    const { host, emitter } = fakeProcess();
    const lifecycle = new Lifecycle({ logger }).add({ name: 'part' });
    const isUp = Promise.withResolvers<void>();
    const ended = runProcess(lifecycle, {
      logger,
      process: host,
      onStarted: () => isUp.resolve(),
      onReload: () => Promise.reject(new Error('unwanted')),
      isHangup: () => true,
    });
    await isUp.promise;
    emitter.emit('SIGHUP', 'SIGHUP');
    await expect(ended).resolves.toBe(0);
  });
});
