import { expect, test } from 'vitest';
import { configSchema } from '@plimsoll/runtime';
import { describeWatched } from '../../src/compose/watched.ts';

function config(overrides: object = {}) {
  return configSchema.parse({ collector: { host: 'box', ...overrides } }).collector;
}

const connected = {
  state: 'connected',
  version: '27.1',
  root: '/var/lib/docker',
  reason: '',
} as const;

test('names containers, log files and the host', () => {
  const text = describeWatched(config({ logs: { files: ['/var/log/*.log'] } }), {
    discovery: connected,
    containers: 12,
  });
  expect(text).toBe('box: 12 containers by Docker 27.1, log files /var/log/*.log, the host itself');
});

test('says that there is no Docker, and that one does not answer', () => {
  const absent = { state: 'absent', version: '', root: '', reason: 'no socket' } as const;
  const silent = { ...connected, state: 'unreachable', reason: 'ECONNREFUSED' } as const;
  expect(describeWatched(config(), { discovery: absent, containers: 0 })).toBe(
    'box: no containers (there is no Docker here), the host itself',
  );
  expect(describeWatched(config(), { discovery: silent, containers: 1 })).toBe(
    'box: 1 container (Docker does not answer: ECONNREFUSED), the host itself',
  );
});

test('says when everything is switched off', () => {
  const off = { docker: { enabled: false }, stats: { enabled: false } };
  expect(describeWatched(config(off), { discovery: connected, containers: 0 })).toBe(
    'box: nothing',
  );
});
