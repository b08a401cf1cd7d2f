import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveHostPath } from '../../../src/discovery/kubernetes/host-path.ts';
import { PodLogs } from '../../../src/discovery/kubernetes/pod-logs.ts';
import { FakeNode, type FakeContainer } from './fake-node.ts';

let folder: string;
let node: FakeNode;
let logs: PodLogs;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-pod-logs-'));
  node = new FakeNode(folder);
  logs = new PodLogs({
    host: folder,
    podLogs: '/var/log/pods',
    containerLogs: '/var/log/containers',
    maxPods: 3,
    maxPerFolder: 4,
  });
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function containerOf(index: number): FakeContainer {
  const id = String(index).padStart(64, '0');
  return { pod: `pod-${index}`, uid: `uid-${index}`, container: 'app', id };
}

test('a look without news reads nothing', () => {
  node.start(containerOf(1));
  expect([...logs.look(false)]).toEqual(['uid-1']);
  expect(logs.look(false).size).toBe(0);
  node.start({ ...containerOf(1), restart: 1, id: '9'.repeat(64) });
  node.start(containerOf(2));
  expect([...logs.look(false)]).toEqual(['uid-1', 'uid-2']);
  expect([...logs.logs()].map(({ uid, restartCount, isNewest }) => [uid, restartCount, isNewest]))
    // Newest first.
    .toEqual([
      ['uid-1', 1, true],
      ['uid-1', 0, false],
      ['uid-2', 0, true],
    ]);
  expect([...logs.look(true)]).toEqual(['uid-1', 'uid-2']);
});

test('pods above the limit are counted, and those within it stay the same', () => {
  for (let index = 5; index > 0; index--) node.start(containerOf(index));
  logs.look(true);
  expect([...logs.logs()].map(({ uid }) => uid)).toEqual(['uid-1', 'uid-2', 'uid-3']);
  expect(logs.refusedPods).toBe(2);
});

test('so many containers of a pod are read at most', () => {
  for (let index = 0; index < 9; index++) {
    node.writeLog({ ...containerOf(1), container: `c${index}` }, []);
  }
  logs.look(true);
  expect([...logs.logs()]).toHaveLength(4);
});

test('a link that leads out of the root is followed below it, and a circle ends', () => {
  symlinkSync('/circle', join(folder, 'circle'));
  expect(resolveHostPath(folder, '/circle/x')).toBe('/circle/x');
  node.link({ ...containerOf(1), container: 'x' });
  const path = node.linkPath({ ...containerOf(1), container: 'x' });
  expect(resolveHostPath(folder, path)).toBe('/var/log/pods/shop_pod-1_uid-1/x/0.log');
  expect(resolveHostPath(folder, '/no/such/../place')).toBe('/no/place');
});
