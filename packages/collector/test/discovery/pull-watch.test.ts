import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '@plimsoll/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pullFolders, PullWatch } from '../../src/discovery/pull-watch.ts';

let folder: string;
let pulls: PullWatch;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-pulls-'));
  pulls = new PullWatch({ clock: systemClock });
  pulls.start([{ path: folder, prefix: 'GetImageBlob' }]);
});
afterEach(() => {
  pulls.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The kernel's events are taken in between. */
async function begin(name: string): Promise<void> {
  writeFileSync(join(folder, name), '');
  await wait(60);
}

async function end(name: string): Promise<void> {
  rmSync(join(folder, name));
  await wait(60);
}

test('a pull is timed from its first layer', async () => {
  const beganAtMs = Date.now();
  await begin('GetImageBlob1');
  await begin('GetImageBlob2');
  await begin('something-else');
  await end('GetImageBlob1');
  await end('GetImageBlob2');
  const pulledAtMs = Date.now();
  const told = pulls.take(pulledAtMs);
  expect(Object.keys(told)).toEqual(['duration_ms', 'layers_downloaded']);
  expect(told['layers_downloaded']).toBe('2');
  const duration = Number(told['duration_ms']);
  expect(duration).toBeGreaterThan(150);
  expect(duration).toBeLessThanOrEqual(pulledAtMs - beganAtMs + 20);
});

test('a pull that had nothing to download has no duration', () => {
  expect(pulls.take(Date.now())).toEqual({ layers_downloaded: '0' });
});

test('a download that failed does not count for a pull much later', async () => {
  await begin('GetImageBlob1');
  await end('GetImageBlob1');
  expect(pulls.take(Date.now() + 11_000)).toEqual({ layers_downloaded: '0' });
});

test('of two pulls at once the time is an upper bound', async () => {
  await begin('GetImageBlob1');
  await begin('GetImageBlob2');
  await end('GetImageBlob1');
  expect(pulls.take(Date.now())).toMatchObject({ duration_is: 'upper_bound' });
  await end('GetImageBlob2');
  expect(pulls.take(Date.now())).toMatchObject({ duration_is: 'upper_bound' });
});

test('the file that the kernel has not told of yet is not taken for another download', () => {
  writeFileSync(join(folder, 'GetImageBlob1'), '');
  rmSync(join(folder, 'GetImageBlob1'));
  expect(pulls.take(Date.now())['duration_is']).toBeUndefined();
});

test('where the folder cannot be watched, nothing is claimed', () => {
  pulls.start(pullFolders(join(folder, 'absent'), false));
  expect(pulls.take(Date.now())).toEqual({});
  expect(pulls.problem).toMatch(/durations of image pulls are not known.*ENOENT.*absent/);
  pulls.start(pullFolders(join(folder, 'absent'), true));
  expect(pulls.take(Date.now())).toEqual({});
  pulls.start([{ path: folder, prefix: 'GetImageBlob' }]);
  expect(pulls.problem).toBe('');
});
