import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ContainerTimelines } from '../../src/discovery/container-timelines.ts';
import { parseDockerEvent, timeAfter, type DockerEvent } from '../../src/discovery/docker-event.ts';
import { EventBookmark } from '../../src/discovery/event-bookmark.ts';

function event(action: string, timeMs: number, more: Partial<DockerEvent> = {}): DockerEvent {
  return {
    type: 'container',
    actorId: 'c1',
    containerId: 'c1',
    action,
    detail: '',
    attributes: {},
    timeMs,
    time: `${timeMs}.000000000`,
    ...more,
  };
}

function signal(number: string, timeMs: number): DockerEvent {
  return event('kill', timeMs, { attributes: { signal: number } });
}

test('no JSON is too strange to be an event or none', () => {
  const keys = ['Type', 'Action', 'Actor', 'ID', 'Attributes', 'time', 'timeNano', 'container'];
  const part = fc.oneof(fc.jsonValue(), fc.constantFrom('network', 'image', 'connect', 'pull'));
  const value = fc.dictionary(fc.constantFrom(...keys), part);
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), value), (json) => {
      expect(parseDockerEvent(json)?.time ?? '0.000000000').toMatch(/^\d+\.\d{9}$/);
    }),
    { numRuns: 1000 },
  );
});

test('the making and removing of networks and images is not that of containers', () => {
  const parse = (Type: string, Action: string): DockerEvent | null =>
    parseDockerEvent({
      Type,
      Action,
      Actor: { ID: 'x', Attributes: { container: 'c1' } },
      time: 1,
    });
  expect(parse('network', 'create')).toBeNull();
  expect(parse('network', 'destroy')).toBeNull();
  expect(parse('image', 'create')).toBeNull();
  expect(parse('volume', 'create')).toBeNull();
  expect(parse('network', 'connect')).toMatchObject({ actorId: 'x', containerId: 'c1' });
});

describe('what several events say together', () => {
  test('a start has its delay once, a restart the time between', () => {
    const timelines = new ContainerTimelines();
    timelines.take(event('create', 1000));
    expect(timelines.take(event('start', 1300))).toEqual({ start_delay_ms: '300' });
    const exit = event('die', 5000, { attributes: { exitCode: '3' } });
    expect(timelines.take(exit)).toEqual({ ran_ms: '3700' });
    expect(timelines.take(event('start', 5200))).toEqual({
      restart_delay_ms: '200',
      previous_exit_code: '3',
    });
  });

  test('becoming healthy is timed once for each start', () => {
    const timelines = new ContainerTimelines();
    timelines.take(event('start', 1000));
    const healthy = (timeMs: number): object =>
      timelines.take(event('health_status', timeMs, { detail: 'healthy' }));
    expect(timelines.take(event('health_status', 2000, { detail: 'unhealthy' }))).toEqual({});
    expect(healthy(4000)).toEqual({ health_delay_ms: '3000' });
    expect(healthy(9000)).toEqual({});
    timelines.take(event('start', 10_000));
    expect(healthy(10_500)).toEqual({ health_delay_ms: '500' });
  });

  test.each([
    [[signal('15', 0)], { stop_duration_ms: '900', stop_signal: '15', ignored_sigterm: 'false' }],
    [
      [signal('15', 0), signal('9', 800)],
      { stop_duration_ms: '900', stop_signal: '15', ignored_sigterm: 'true' },
    ],
    // Asked to read its configuration anew, long before it is stopped.
    [
      [signal('1', -5000), signal('15', 0)],
      { stop_duration_ms: '900', stop_signal: '15', ignored_sigterm: 'false' },
    ],
    [[signal('3', 0), signal('9', 800)], { stop_duration_ms: '900', stop_signal: '3' }],
    [[], {}],
  ])('a stop by %j is told as %j', (kills, told) => {
    const timelines = new ContainerTimelines();
    for (const kill of kills) timelines.take(kill);
    timelines.take(event('die', 880));
    expect(timelines.take(event('stop', 900))).toEqual(told);
  });

  test('an end after an event of lost memory says so', () => {
    const timelines = new ContainerTimelines();
    timelines.take(event('oom', 1));
    expect(timelines.take(event('die', 2))).toEqual({ oom_killed: 'true' });
    timelines.take(event('start', 3));
    expect(timelines.take(event('die', 4))).toEqual({ ran_ms: '1' });
  });

  test('nothing is said of a clock that went back', () => {
    const timelines = new ContainerTimelines();
    timelines.take(event('create', 5000));
    expect(timelines.take(event('start', 4000))).toEqual({});
  });

  test('only so many containers are remembered, those seen last', () => {
    const timelines = new ContainerTimelines(2);
    for (const containerId of ['a', 'b', 'c']) timelines.take(event('create', 0, { containerId }));
    expect(timelines.take(event('start', 5, { containerId: 'c' }))).toEqual({
      start_delay_ms: '5',
    });
    expect(timelines.take(event('start', 5, { containerId: 'a' }))).toEqual({});
  });
});

describe('where the stream is read again', () => {
  test('is the oldest event that is not durable, and behind the last one otherwise', () => {
    const bookmark = new EventBookmark('');
    bookmark.begin('100.000000000');
    expect(bookmark.value).toBe('100.000000000');
    const first = bookmark.tell('101.000000000');
    const second = bookmark.tell('102.999999999');
    second();
    expect(bookmark.value).toBe('101.000000000');
    first();
    expect(bookmark.value).toBe('103.000000000');
    bookmark.pass('104.000000001');
    expect(bookmark.value).toBe('104.000000002');
  });

  test('has nine digits, whatever the daemon wrote', () => {
    expect(timeAfter('5')).toBe('5.000000001');
    expect(timeAfter('5.5')).toBe('5.500000001');
  });
});
