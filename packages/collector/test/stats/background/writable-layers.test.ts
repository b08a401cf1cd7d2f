import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@plimsoll/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WritableLayers } from '../../../src/stats/background/writable-layers.ts';
import { makeTarget } from '../make-target.ts';

/** Two blocks of any filesystem, and too long to be kept in an inode. */
const content = Buffer.alloc(8192, 1);
let root = '';
let clock: ManualClock;
let layers: WritableLayers;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-layers-'));
  clock = new ManualClock();
  layers = new WritableLayers({
    clock,
    intervalMs: 60_000,
    host: root,
    entriesPerStep: 10,
    smallFolderBytes: 0,
  });
});
afterEach(() => {
  layers.close();
  rmSync(root, { recursive: true, force: true });
});

function addLayer(dockerId: string, files: number): void {
  mkdirSync(join(root, dockerId), { recursive: true });
  for (let index = 0; index < files; index++) {
    writeFileSync(join(root, dockerId, `file-${index}`), content);
  }
  layers.add(makeTarget({ dockerId, writableLayer: `/${dockerId}` }));
}

function steps(count: number): void {
  for (let step = 0; step < count; step++) layers.step();
}

function openFolders(): string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    })
    .filter((path) => path.startsWith(root));
}

describe('written layers', () => {
  it('are known after a walk, and stay known while the next is under way', async () => {
    addLayer('one', 3);
    expect(layers.bytesOf('one')).toBeNaN();
    steps(1);
    expect(layers.bytesOf('one')).toBe(3 * content.length);
    expect(layers.step()).toBe(false);
    addLayer('one', 25);
    await clock.advance(60_000);
    steps(1);
    expect(layers.bytesOf('one')).toBe(3 * content.length);
    steps(3);
    expect(layers.bytesOf('one')).toBe(25 * content.length);
    expect(layers.walksTotal).toBe(2);
  });

  it('of small containers do not wait for huge ones', () => {
    addLayer('huge', 125);
    for (let index = 0; index < 10; index++) addLayer(`small-${index}`, 1);
    steps(22);
    for (let index = 0; index < 10; index++)
      expect(layers.bytesOf(`small-${index}`)).toBe(content.length);
    expect(layers.bytesOf('huge')).toBeNaN();
    steps(20);
    expect(layers.bytesOf('huge')).toBe(125 * content.length);
  });

  it('hold no more than sixteen folders open, and get to the others later', async () => {
    for (let index = 0; index < 20; index++) addLayer(`large-${index}`, 15);
    for (let step = 0; step < 60; step++) {
      layers.step();
      expect(openFolders().length).toBeLessThanOrEqual(16);
    }
    await clock.advance(60_000);
    steps(60);
    for (let index = 0; index < 20; index++) {
      expect(layers.bytesOf(`large-${index}`)).toBe(15 * content.length);
    }
    expect(openFolders()).toEqual([]);
  });

  it('of a container that is gone are let go of at once', () => {
    addLayer('one', 25);
    steps(1);
    expect(openFolders()).toHaveLength(1);
    layers.remove('one');
    expect(openFolders()).toEqual([]);
    expect(layers.bytesOf('one')).toBeNaN();
    expect(layers.step()).toBe(false);
  });

  it('are walked the rarer the longer it takes', async () => {
    addLayer('slow', 25);
    steps(1);
    await clock.advance(20_000);
    steps(3);
    expect(layers.walksTotal).toBe(1);
    await clock.advance(150_000);
    expect(layers.step()).toBe(false);
    await clock.advance(60_000);
    expect(layers.step()).toBe(true);
  });

  it('that stay the same are walked rarer, until they change', async () => {
    addLayer('one', 1);
    const walksIn = async (minutes: number): Promise<number> => {
      const before = layers.walksTotal;
      for (let minute = 0; minute < minutes; minute++) {
        await clock.advance(60_000);
        steps(2);
      }
      return layers.walksTotal - before;
    };
    steps(1);
    expect(await walksIn(19)).toBe(6);
    addLayer('one', 2);
    expect(await walksIn(4)).toBe(1);
    addLayer('one', 3);
    expect(await walksIn(1)).toBe(1);
  });
});
