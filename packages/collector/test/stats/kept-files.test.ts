import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeptFiles, keptFilesLimit } from '../../src/stats/kept-files.ts';
import { parseSingle } from '../../src/stats/parse/bytes.ts';

describe('kept files', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'plimsoll-kept-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });
  function numbered(files: KeptFiles, count: number) {
    return Array.from({ length: count }, (_, index) => {
      writeFileSync(join(root, String(index)), `${index}\n`);
      return files.file(join(root, String(index)));
    });
  }

  it('reads anew through the kept descriptor', () => {
    const files = new KeptFiles();
    const file = files.file(join(root, 'a'));
    for (const text of ['12345\n', '7\n']) {
      writeFileSync(join(root, 'a'), text);
      const bytes = files.read(file);
      expect(bytes && parseSingle(bytes)).toBe(Number(text));
    }
    expect(files.keptCount).toBe(1);
    files.closeAll();
    expect(files.keptCount).toBe(0);
  });

  it('never keeps more than allowed, and reads the others all the same', () => {
    const files = new KeptFiles({ maxKept: 3 });
    const all = numbered(files, 10);
    for (let round = 0; round < 3; round++) {
      files.beginRound(0);
      for (const [index, file] of all.entries()) {
        const bytes = files.read(file);
        expect(bytes && parseSingle(bytes)).toBe(index);
        expect(files.keptCount).toBeLessThanOrEqual(3);
      }
    }
    // The first ones stay: going round in a circle must not evict each just before its turn.
    expect(all.map((file) => file.fd >= 0).indexOf(false)).toBe(3);
    files.closeAll();
  });

  it('gives up descriptors that were not read for two rounds', () => {
    const files = new KeptFiles({ maxKept: 2 });
    const [a, b, c] = numbered(files, 3);
    if (!a || !b || !c) throw new Error('expected three files');
    files.beginRound(0);
    files.read(a);
    files.read(b);
    for (let round = 0; round < 2; round++) {
      files.beginRound(0);
      files.read(b);
    }
    files.read(c);
    expect([a.fd >= 0, b.fd >= 0, c.fd >= 0]).toEqual([false, true, true]);
    files.closeAll();
  });

  it('does not look again for a file that is absent', () => {
    const files = new KeptFiles();
    const file = files.file(join(root, 'later'));
    expect(files.read(file)).toBeUndefined();
    writeFileSync(join(root, 'later'), '1\n');
    expect(files.read(file)).toBeUndefined();
    expect(files.errors.size).toBe(0);
  });

  it('reads files longer than its buffer whole, and counts those over the limit', () => {
    const files = new KeptFiles();
    const text = '123456789\n'.repeat(30_000);
    writeFileSync(join(root, 'long'), text);
    expect(files.read(files.file(join(root, 'long')))?.length).toBe(text.length);
    writeFileSync(join(root, 'huge'), Buffer.alloc(20 * 1024 * 1024));
    expect(files.readOnce(join(root, 'huge'))).toBeUndefined();
    expect(files.errors.get('too_long')).toBe(1);
    files.closeAll();
  });

  it('counts what cannot be read by its code', () => {
    const files = new KeptFiles();
    mkdirSync(join(root, 'folder'));
    expect(files.readOnce(join(root, 'folder'))).toBeUndefined();
    expect(files.errors.get('EISDIR')).toBe(1);
  });
});

describe('limit of kept files', () => {
  it.each([
    ['Max open files            20000                20000                files', 10_000],
    ['Max open files            16                   4096                 files', 64],
    ['Max open files            unlimited            unlimited            files', 512],
  ])('of %j is %d', (text, expected) => {
    const path = join(mkdtempSync(join(tmpdir(), 'plimsoll-rlimit-')), 'limits');
    writeFileSync(
      path,
      `Limit                     Soft Limit           Hard Limit           Units\n${text}\n`,
    );
    expect(keptFilesLimit(path)).toBe(expected);
    rmSync(join(path, '..'), { recursive: true });
  });

  it('has a default where it cannot be known', () => {
    expect(keptFilesLimit('/nonexistent/limits')).toBe(512);
  });
});
