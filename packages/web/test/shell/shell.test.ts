import { describe, expect, test } from 'vitest';
import type { PipelineHealth } from '@plimsoll/model/api';
import { buildFindIndex, findEntries, scoreMatch } from '../../src/shell/find-index.ts';
import { idleKeys, pressKey } from '../../src/shell/key-commands.ts';
import { judgePipeline } from '../../src/shell/pipeline-verdict.ts';
import { makeHosts, makeTanks } from '../mock/fleet-data.ts';

describe('keys', () => {
  test('g waits for its second key, but not for ever', () => {
    const first = pressKey(idleKeys, 'g', 1000);
    expect(first.command).toBeNull();
    expect(pressKey(first.state, 'l', 1500).command).toBe('go-logs');
    expect(pressKey(first.state, 'l', 9000).command).toBe('toggle-live');
    expect(pressKey(first.state, 'z', 1500)).toEqual({ state: idleKeys, command: null });
  });

  test.each([
    ['/', 'find'],
    ['?', 'help'],
    ['j', 'next'],
    ['constructor', null],
  ])('%s is %s', (key, command) => {
    expect(pressKey(idleKeys, key, 0).command).toBe(command);
  });
});

const health: PipelineHealth = {
  data_age_seconds: 1.2,
  lines_per_second: 10,
  lines_stored: 100,
  records_lost: 0,
  lost_by_reason: {},
  collectors_reporting: 3,
  collectors_known: 3,
  log_lag_bytes: 0,
  log_lag_seconds: 0,
  runtimes_missing: [],
  dead_letters: 0,
};

describe('the pipeline', () => {
  test('is well only when nothing speaks against it', () => {
    expect(judgePipeline(health)).toEqual({ level: 'well', problems: [] });
  });

  test('without Docker is well: that is a condition, not an error', () => {
    expect(
      judgePipeline({ ...health, runtimes_missing: [{ host: 'a', status: 'absent' }] }).level,
    ).toBe('well');
  });

  test.each<[Partial<PipelineHealth>, string, RegExp]>([
    [
      { records_lost: 1204, lost_by_reason: { rotated_away: 1204 } },
      'unwell',
      /1,204 records were lost \(rotated away 1,204\)/,
    ],
    [{ data_age_seconds: 94 }, 'unwell', /newest sample is 1 m 34 s old/],
    [{ data_age_seconds: null }, 'behind', /no sample has arrived/],
    [{ collectors_reporting: 2 }, 'unwell', /1 of 3 collectors is silent/],
    [{ dead_letters: 2 }, 'unwell', /2 frames could not be stored/],
    [{ log_lag_seconds: 120, log_lag_bytes: 2048 }, 'behind', /2 m late, 2\u00a0KiB/],
  ])('with %j is %s', (change, level, text) => {
    const verdict = judgePipeline({ ...health, ...change });
    expect(verdict.level).toBe(level);
    expect(verdict.problems.join('; ')).toMatch(text);
  });
});

describe('the find box', () => {
  const tanks = makeTanks(144);
  const index = buildFindIndex(tanks, makeHosts(tanks, 0));

  test('finds a service before its containers', () => {
    const found = findEntries(index, 'checkout');
    expect(found[0]).toMatchObject({ kind: 'service', title: 'checkout', detail: '26 containers' });
    expect(found.some((entry) => entry.kind === 'container')).toBe(true);
  });

  test('finds hosts and images', () => {
    expect(findEntries(index, 'web-3')[0]).toMatchObject({ kind: 'host', to: '/host' });
    expect(findEntries(index, 'postgres:17')[0]).toMatchObject({ kind: 'image' });
  });

  test('prefers whole names, then beginnings, words, parts, and letters in order', () => {
    const scores = ['redis', 'redis-1', 'my-redis', 'myredis', 'r-e-d-i-s'].map((name) =>
      scoreMatch(name, 'redis'),
    );
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(scoreMatch('postgres', 'redis')).toBe(0);
  });
});
