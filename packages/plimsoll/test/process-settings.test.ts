import { expect, test } from 'vitest';
import { collectorFlags, missingSettings } from '../src/process-settings.ts';

const bare = { execArgv: [], env: {}, cores: 2 };

test('a role with an engine gets threads and an allocator that gives back', () => {
  expect(missingSettings(['all', '--config', 'x'], bare)).toEqual({
    flags: [],
    env: { UV_THREADPOOL_SIZE: '24', MALLOC_MMAP_THRESHOLD_: '1048576' },
  });
  expect(missingSettings(['query'], { ...bare, cores: 64 })?.env['UV_THREADPOOL_SIZE']).toBe('256');
});

test('a collector gets flags for a small heap, behind those it has', () => {
  const execArgv = ['--enable-source-maps'];
  expect(missingSettings(['collector'], { ...bare, execArgv })).toEqual({
    flags: ['--enable-source-maps', ...collectorFlags],
    env: {},
  });
});

test('what the user set stays, and once all is set there is nothing to do', () => {
  const env = { UV_THREADPOOL_SIZE: '4' };
  const first = missingSettings(['all'], { ...bare, env });
  expect(first?.env).toEqual({ MALLOC_MMAP_THRESHOLD_: '1048576' });
  expect(missingSettings(['all'], { ...bare, env: { ...env, ...first?.env } })).toBeNull();
  expect(missingSettings(['collector'], { ...bare, execArgv: [...collectorFlags] })).toBeNull();
});

test.each([[], ['--help'], ['config', 'check'], ['migrate'], ['sql']])(
  'a command that ends by itself is run as it is: %s',
  (...args) => {
    expect(missingSettings(args, bare)).toBeNull();
  },
);
