import { expect, test } from 'vitest';
import { missingSettings } from '../src/process-settings.ts';

const wanted = { flags: ['--a', '--b'], env: { SIZE: '24', LIMIT: '1' } };

test('flags go behind those that are there', () => {
  expect(missingSettings(wanted, { execArgv: ['--x'], env: {} })).toEqual({
    flags: ['--x', '--a', '--b'],
    env: { SIZE: '24', LIMIT: '1' },
  });
});

test('what the user set stays, and once all is set there is nothing to do', () => {
  const env = { SIZE: '4' };
  const first = missingSettings(wanted, { execArgv: [], env });
  expect(first?.env).toEqual({ LIMIT: '1' });
  const after = { execArgv: ['--a', '--b'], env: { ...env, ...first?.env } };
  expect(missingSettings(wanted, after)).toBeNull();
});
