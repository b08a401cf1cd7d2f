import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withoutRotated } from '../../src/tail/plain-files.ts';
import { listChain, selectFresh, type SeenFile } from '../../src/tail/siblings.ts';

describe('the chain of a path', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-siblings-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test('is oldest first, by number where there are numbers, the current file last', () => {
    const names = ['a.log', 'a.log.1', 'a.log.10', 'a.log.2', 'a.log-20260102', 'a.log-20260101'];
    for (const name of names) writeFileSync(join(folder, name), '');
    utimesSync(join(folder, 'a.log-20260101'), 1000, 1000);
    utimesSync(join(folder, 'a.log-20260102'), 2000, 2000);
    // A clock step made the older file look newer: the numbers are what counts.
    utimesSync(join(folder, 'a.log.10'), 9000, 9000);
    // The second is being compressed; the third was.
    for (const name of [
      'a.log.2.gz',
      'a.log.3.gz',
      'a.log.4.bz2',
      'a.logs',
      'b.log.1',
      'a.log.tmp',
    ])
      writeFileSync(join(folder, name), '');
    const chain = listChain(join(folder, 'a.log'));
    expect(chain.map(({ path }) => basename(path))).toEqual([
      'a.log-20260101',
      'a.log-20260102',
      'a.log.10',
      'a.log.3.gz',
      'a.log.2',
      'a.log.1',
      'a.log',
    ]);
    expect(chain.filter(({ isCurrent }) => isCurrent)).toHaveLength(1);
    expect(chain.filter(({ isPacked }) => isPacked)).toHaveLength(1);
  });

  test('goes by date also where compression changed the time of change', () => {
    const names = ['0.log.20260101-000000.gz', '0.log.20260102-000000', '0.log'];
    for (const name of names) writeFileSync(join(folder, name), '');
    utimesSync(join(folder, '0.log.20260102-000000'), 1000, 1000);
    expect(listChain(join(folder, '0.log')).map(({ path }) => basename(path))).toEqual(names);
  });

  test('is empty where there is nothing', () => {
    expect(listChain(join(folder, 'missing', 'a.log'))).toEqual([]);
  });
});

describe('fresh files of a chain', () => {
  const seen = (inode: number, mtimeMs: number, isCurrent = false): SeenFile => ({
    path: `/${inode}`,
    device: 1n,
    inode: BigInt(inode),
    birthtimeNs: 0n,
    size: 1,
    links: 1,
    mtimeMs,
    isCurrent,
    isPacked: false,
  });
  const chain = [seen(1, 100), seen(2, 200), seen(3, 300), seen(4, 400, true)];
  const known = {
    isKnown: true,
    readsHistory: true,
    newestMtimeMs: 0,
    newestIndex: -1,
    isFamiliar: () => false,
  };
  const cases: [string, Partial<typeof known>, number[]][] = [
    ['a new path is read with its history', { isKnown: false }, [1, 2, 3, 4]],
    ['or without it', { isKnown: false, readsHistory: false }, [4]],
    ['a known current file leaves nothing', { newestIndex: 3 }, []],
    ['what is newer than the newest known file', { newestIndex: 1 }, [3, 4]],
    ['when none is left, what changed since', { newestMtimeMs: 250 }, [3, 4]],
    ['the current file always', { newestMtimeMs: 999 }, [4]],
    [
      'never what was read before',
      { newestIndex: 1, isFamiliar: (file: SeenFile) => file.inode === 3n },
      [4],
    ],
  ] as never;
  test.each(cases)('%s', (_title, change, inodes) => {
    const fresh = selectFresh(chain, { ...known, ...change });
    expect(fresh.map(({ inode }) => Number(inode))).toEqual(inodes);
  });
});

test('names that a pattern matches beside their owner are rotated files, not paths of their own', () => {
  const paths = new Set([
    '/l/a.log',
    '/l/a.log.1',
    '/l/a.log-20260131',
    '/l/b.log.1',
    '/l/c.log',
    '/l/a.log.2.gz',
    '/l/node-18',
  ]);
  expect(withoutRotated(paths)).toEqual([
    { path: '/l/a.log', readsHistory: true },
    { path: '/l/b.log.1', readsHistory: false },
    { path: '/l/c.log', readsHistory: false },
    { path: '/l/node-18', readsHistory: false },
  ]);
});
