import { collectorSettings } from '@plimsoll/agent/process-settings';
import { expect, test } from 'vitest';
import { settingsFor } from '../src/process-settings.ts';

test('a role with an engine gets threads and an allocator that gives back', () => {
  expect(settingsFor(['all', '--config', 'x'], 2)).toEqual({
    flags: [],
    env: { UV_THREADPOOL_SIZE: '32', MALLOC_MMAP_THRESHOLD_: '1048576' },
  });
  expect(settingsFor(['query'], 64)?.env['UV_THREADPOOL_SIZE']).toBe('256');
});

test('a collector gets flags for a small heap', () => {
  expect(settingsFor(['collector'], 2)).toBe(collectorSettings);
});

test.each([[], ['--help'], ['config', 'check'], ['migrate'], ['sql'], ['doctor']])(
  'a command that ends by itself is run as it is: %s',
  (...args) => {
    expect(settingsFor(args, 2)).toBeNull();
  },
);
