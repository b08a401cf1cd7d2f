import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FolderSize } from '../../../src/stats/background/folder-size.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-layer-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** Bytes, and how many steps it took. */
function measure(
  path: string,
  entries = 10,
  smallFolderBytes?: number,
): { bytes: number; steps: number } {
  const size = new FolderSize(path, { smallFolderBytes });
  for (let steps = 1; ; steps++) {
    const bytes = size.step(entries);
    if (bytes !== undefined) return { bytes, steps };
    if (steps > 10_000) throw new Error('expected an end');
  }
}

/** What `du` says of everything below the folder. */
function diskUsage(path: string): number {
  const words = ['-s', '--block-size=1', path];
  const whole = Number(execFileSync('du', words, { encoding: 'utf8' }).split('\t')[0]);
  mkdirSync(`${path}-empty`);
  const empty = execFileSync('du', ['-s', '--block-size=1', `${path}-empty`], { encoding: 'utf8' });
  rmSync(`${path}-empty`, { recursive: true });
  return whole - Number(empty.split('\t')[0]);
}

describe('size of a folder', () => {
  it('is what du says: blocks, links once, holes not, symbolic links not followed', () => {
    mkdirSync(join(root, 'a/b/c'), { recursive: true });
    writeFileSync(join(root, 'a/one'), Buffer.alloc(100_000, 1));
    writeFileSync(join(root, 'a/b/c/two'), 'x');
    linkSync(join(root, 'a/one'), join(root, 'a/b/again'));
    linkSync(join(root, 'a/one'), join(root, 'third'));
    symlinkSync('/', join(root, 'a/everything'));
    writeFileSync(join(root, 'sparse'), '');
    truncateSync(join(root, 'sparse'), 1_000_000_000);
    const { bytes } = measure(root);
    expect(bytes).toBe(diskUsage(root));
    expect(measure(root, 10, 0).bytes).toBe(bytes);
    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThan(200_000);
  });

  it('is zero of an empty folder, and unknown where there is none', () => {
    expect(measure(root).bytes).toBe(0);
    expect(measure(join(root, 'absent')).bytes).toBeNaN();
    writeFileSync(join(root, 'file'), '');
    expect(measure(join(root, 'file')).bytes).toBeNaN();
  });

  it('takes as many steps as it has entries, a few at a time', () => {
    for (let index = 0; index < 250; index++) writeFileSync(join(root, `file-${index}`), 'x');
    const { steps } = measure(root, 10);
    expect(steps).toBeGreaterThanOrEqual(25);
    expect(steps).toBeLessThanOrEqual(27);
  });

  it('goes on through folders that are removed while it walks', () => {
    for (let index = 0; index < 20; index++) {
      mkdirSync(join(root, `folder-${index}`));
      writeFileSync(join(root, `folder-${index}/file`), Buffer.alloc(8192, 1));
    }
    const size = new FolderSize(root);
    // All folders were seen, none was looked into.
    expect(size.step(21)).toBeUndefined();
    for (let index = 0; index < 10; index++) {
      rmSync(join(root, `folder-${index}`), { recursive: true });
    }
    const bytes = size.step(1000);
    expect(bytes).toBeGreaterThanOrEqual(10 * 8192);
    expect(bytes).toBeLessThan(20 * 8192 + 20 * 4096);
  });
});
