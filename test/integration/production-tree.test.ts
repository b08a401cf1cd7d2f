/** The collector is installed by itself: small, and without an engine. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { copyKubernetesClient } from '@plimsoll/infra/kubernetes-client';
import { copyProductionTree, productionTree } from '@plimsoll/infra/production-tree';
import { afterAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const target = mkdtempSync(join(tmpdir(), 'plimsoll-tree-'));
afterAll(() => rmSync(target, { recursive: true, force: true }));

const megabyte = 1e6;
const limitBytes = 60 * megabyte;

test('the production tree of the collector is below 60 MB', () => {
  const packages = productionTree(root, 'packages/agent');
  const total = packages.reduce((sum, { bytes }) => sum + bytes, 0);
  const lines = packages
    .filter(({ bytes }) => bytes > megabyte)
    .map(({ name, bytes }) => `${(bytes / megabyte).toFixed(1).padStart(6)} MB  ${name}`);
  // oxlint-disable-next-line no-console -- the figure is what the test is read for
  console.log(
    [`${(total / megabyte).toFixed(1)} MB in ${packages.length} packages`, ...lines].join('\n'),
  );
  expect(total).toBeLessThan(limitBytes);
});

test('it has no engine and no page in it', () => {
  const names = productionTree(root, 'packages/agent').map(({ name }) => name);
  expect(names).toContain('kafkajs');
  for (const absent of ['@plimsoll/storage', '@plimsoll/query', '@plimsoll/web', 'chdb']) {
    expect(names).not.toContain(absent);
  }
});

test('what is in it is enough to run, with a client of Kubernetes that is not whole', () => {
  copyProductionTree(root, { workspace: 'packages/agent', target });
  copyKubernetesClient(join(root, 'node_modules'), join(target, 'node_modules'));
  const run = (...args: string[]) =>
    execFileSync(process.execPath, args, { cwd: target, encoding: 'utf8' });
  const plan: unknown = JSON.parse(run('packages/agent/src/main.ts', '--dry-run', '--json'));
  expect(plan).toHaveProperty('statistics.cgroupMode');
  const script = `const { Watch } = await import('@kubernetes/client-node/dist/watch.js'); console.log(Watch.name)`;
  expect(run('--input-type=module', '-e', script)).toBe('Watch\n');
  expect(existsSync(join(target, 'node_modules/@kubernetes/client-node/dist/gen/models'))).toBe(
    false,
  );
});
