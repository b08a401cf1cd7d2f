import { describe, expect, it } from 'vitest';
import { type Sight, SilentEvents } from '../../../src/signals/daemon/silent-events.ts';
import { container } from '../signal-context.ts';

const [a, b] = [container('a', { pid: 10 }), container('b', { pid: 20 })];

/** The host at second `at`. */
function sight(at: number, known: Partial<Sight> = {}): Sight {
  return {
    folders: new Set([a.dockerId]),
    targets: [a],
    isAlive: () => true,
    lastEventMs: 0,
    nowMs: 1_000_000 + at * 1000,
    monotonicMs: at * 1000,
    ...known,
  };
}

const withB = { folders: new Set([a.dockerId, b.dockerId]) };

describe('silence of the events', () => {
  it('is nothing while nothing happens', () => {
    const silence = new SilentEvents(30_000);
    for (let at = 0; at < 600; at += 15) expect(silence.take(sight(at))).toBeUndefined();
  });

  it('is found when a control group appears and no event comes', () => {
    const silence = new SilentEvents(30_000);
    silence.take(sight(0));
    expect(silence.take(sight(15, withB))).toBeUndefined();
    expect(silence.take(sight(30, withB))).toBeUndefined();
    const change = silence.take(sight(45, withB));
    expect(change).toMatchObject({ containerId: b.dockerId, what: 'began', afterMs: 1_000_000 });
  });

  it('is broken by an event of any container', () => {
    const silence = new SilentEvents(30_000);
    silence.take(sight(0));
    silence.take(sight(15, withB));
    const lastEventMs = 1_000_000 + 12_000;
    for (let at = 30; at < 120; at += 15) {
      expect(silence.take(sight(at, { ...withB, lastEventMs }))).toBeUndefined();
    }
  });

  it('is found when a process is gone that the daemon calls running, whatever else it tells', () => {
    const silence = new SilentEvents(30_000);
    silence.take(sight(0));
    const gone = { isAlive: () => false };
    silence.take(sight(15, gone));
    const lastEventMs = 1_000_000 + 40_000;
    expect(silence.take(sight(45, { ...gone, lastEventMs }))).toMatchObject({
      containerId: a.dockerId,
      what: 'ended',
    });
    // It is alive after all: another was started in its place.
    expect(silence.take(sight(60, { lastEventMs }))).toBeUndefined();
  });

  it('is not found of a container that ended and was told', () => {
    const silence = new SilentEvents(30_000);
    silence.take(sight(0));
    silence.take(sight(15, { isAlive: () => false }));
    const ended = [container('a', { state: 'exited' })];
    const lastEventMs = 1_000_000 + 16_000;
    for (let at = 30; at < 120; at += 15) {
      expect(silence.take(sight(at, { targets: ended, lastEventMs }))).toBeUndefined();
    }
  });

  it('is found when the list knows of the end, but no event did', () => {
    const silence = new SilentEvents(30_000);
    silence.take(sight(0));
    silence.take(sight(15, { isAlive: () => false }));
    const ended = { targets: [container('a', { state: 'exited' })] };
    silence.take(sight(30, ended));
    expect(silence.take(sight(45, ended))).toMatchObject({ what: 'ended' });
  });

  it('says nothing of processes that were never seen', () => {
    const silence = new SilentEvents(30_000);
    for (let at = 0; at < 120; at += 15) {
      expect(silence.take(sight(at, { isAlive: () => false }))).toBeUndefined();
    }
  });

  it('says no more of what is not ours, and forgets when events are not followed', () => {
    const silence = new SilentEvents(10_000);
    silence.take(sight(0));
    silence.take(sight(15, withB));
    const change = silence.take(sight(30, withB));
    if (change) silence.dismiss(change);
    expect(silence.take(sight(45, withB))).toBeUndefined();
    silence.take(sight(60));
    silence.take(sight(75, withB));
    silence.reset();
    expect(silence.take(sight(90, withB))).toBeUndefined();
    expect(silence.take(sight(105, withB))).toBeUndefined();
  });
});
