import { expect, test } from 'vitest';

import { fillHoles, findHoles, type LockEntries } from '../lock/holes.ts';

const entries: LockEntries = {
  '': {},
  'node_modules/turbo': {
    version: '2.0.0',
    dev: true,
    license: 'MIT',
    engines: { node: '>=20' },
    optionalDependencies: { '@turbo/linux-64': '2.0.0', '@turbo/windows-arm64': '2.0.0' },
  },
  'node_modules/@turbo/linux-64': { version: '2.0.0', optional: true },
  'packages/a/node_modules/b': { optionalDependencies: { '@b/darwin-arm64': '1.0.0' } },
  'packages/a/node_modules/@b/darwin-arm64': { version: '1.0.0' },
};

test('finds the optional dependencies that no folder above holds', () => {
  expect(findHoles(entries).map(({ name }) => name)).toEqual(['@turbo/windows-arm64']);
});

test('fills a hole with the version, the platform and nothing invented', () => {
  const filled = fillHoles(entries);
  expect(filled['node_modules/@turbo/windows-arm64']).toEqual({
    version: '2.0.0',
    cpu: ['arm64'],
    dev: true,
    license: 'MIT',
    optional: true,
    os: ['win32'],
    engines: { node: '>=20' },
  });
  expect(findHoles(filled)).toEqual([]);
});

test.each([
  ['@turbo/solaris', '2.0.0'],
  ['@turbo/linux-64', '^2.0.0'],
])('refuses %s at %s, which tells no platform or no exact version', (name, version) => {
  const vague = { 'node_modules/turbo': { optionalDependencies: { [name]: version } } };
  expect(() => fillHoles(vague)).toThrow(`${name}@${version}`);
});
