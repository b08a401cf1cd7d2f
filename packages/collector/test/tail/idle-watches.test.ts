import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { IdleWatches } from '../../src/tail/idle-watches.ts';

let folder: string;
let watches: IdleWatches;
let written: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-watches-'));
  written = [];
  watches = new IdleWatches({
    onWrite: (path) => written.push(path),
    maxWatches: 2,
    nowMs: () => 0,
  });
});
afterEach(() => {
  watches.stopAll();
  rmSync(folder, { recursive: true });
});

function file(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  return path;
}

test('the first write is told, once', async () => {
  const path = file('a.log');
  watches.start(path);
  appendFileSync(path, 'one\n');
  appendFileSync(path, 'two\n');
  await vi.waitFor(() => {
    expect(written).toEqual([path]);
  });
  expect(watches.has(path)).toBe(false);
  appendFileSync(path, 'three\n');
  await wait(50);
  expect(written).toEqual([path]);
});

test('a rename is told as well', async () => {
  const path = file('a.log');
  watches.start(path);
  renameSync(path, `${path}.1`);
  await vi.waitFor(() => {
    expect(written).toEqual([path]);
  });
});

test('a path that is not there is left to looking', () => {
  watches.start(join(folder, 'missing.log'));
  expect(watches.has(join(folder, 'missing.log'))).toBe(false);
  const path = file('a.log');
  watches.start(path);
  expect(watches.has(path)).toBe(true);
});

test('there are no more watches than the limit', () => {
  const paths = ['a', 'b', 'c'].map(file);
  for (const path of paths) watches.start(path);
  expect(paths.map((path) => watches.has(path))).toEqual([true, true, false]);
  watches.stop(paths[0] ?? '');
  watches.start(paths[2] ?? '');
  expect(watches.has(paths[2] ?? '')).toBe(true);
});

test('what is stopped tells nothing', async () => {
  const path = file('a.log');
  watches.start(path);
  watches.stop(path);
  appendFileSync(path, 'one\n');
  await wait(50);
  expect(written).toEqual([]);
});
