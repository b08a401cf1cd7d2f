/** Whether a file is the one it was: after the host was started anew, and when it was written anew. */
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { FamiliarFiles } from '../../src/tail/familiar-files.ts';
import { fingerprintOf, isSameInode } from '../../src/tail/identity.ts';
import { LogFile } from '../../src/tail/log-file.ts';
import { listChain } from '../../src/tail/siblings.ts';
import { TailWorld } from './tail-world.ts';

let world: TailWorld | null = null;

afterEach(() => {
  world?.dispose();
  world = null;
});

const born = { device: 1n, inode: 7n, birthtimeNs: 100n };
const unborn = { ...born, birthtimeNs: 0n };
const sameFiles = [
  { title: 'the same', a: born, b: born, isSame: true },
  { title: 'another device number', a: born, b: { ...born, device: 2n }, isSame: true },
  { title: 'an inode used again', a: born, b: { ...born, birthtimeNs: 200n }, isSame: false },
  { title: 'another inode', a: born, b: { ...born, inode: 8n }, isSame: false },
  { title: 'no times of birth', a: unborn, b: { ...unborn, device: 2n }, isSame: true },
  { title: 'a time of birth on one side', a: born, b: unborn, isSame: true },
];

test.each(sameFiles)('$title: the same file is $isSame', ({ a, b, isSame }) => {
  expect(isSameInode(a, b)).toBe(isSame);
});

describe.each([
  ['where times of birth are known', (text: string) => text],
  [
    'where they are not',
    (text: string) => text.replaceAll(/"birthtime_ns":"\d+"/g, '"birthtime_ns":"0"'),
  ],
])('a host that was started anew, %s', (_, forget) => {
  async function restart(at: TailWorld): Promise<void> {
    const path = at.path('state/checkpoint.json');
    const text = readFileSync(path, 'utf8').replaceAll(/"device":"\d+"/g, '"device":"7"');
    writeFileSync(path, forget(text));
    await at.crash(0);
  }

  test('a file is read on, also what it grows later', async () => {
    const at = (world = await TailWorld.start());
    at.follow('a.log');
    writeFileSync(at.path('a.log'), 'one\n');
    await at.pass();
    await at.acknowledge();
    await at.store.writeNow();
    appendFileSync(at.path('a.log'), 'two\n');
    await restart(at);
    await at.drain();
    appendFileSync(at.path('a.log'), 'three\n');
    await at.drain();
    expect(at.stored.lines()).toEqual(['one', 'two', 'three']);
    expect(at.stored.repeatedBytes).toBe(0);
    expect(at.gaps).toEqual([]);
  });

  test('another file of the same inode number is read from its beginning', async () => {
    const at = (world = await TailWorld.start());
    at.follow('a.log');
    writeFileSync(at.path('a.log'), 'one\n');
    await at.pass();
    await at.acknowledge();
    await at.store.writeNow();
    truncateSync(at.path('a.log'), 0);
    appendFileSync(at.path('a.log'), 'another, and longer\n');
    await restart(at);
    await at.drain();
    expect(at.stored.lines().toSorted()).toEqual(['another, and longer', 'one']);
  });
});

test('without times of birth an inode that was used again is known by its content', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-familiar-'));
  try {
    const path = join(folder, 'a.log');
    writeFileSync(path, 'new, and long enough\n');
    const [seen] = listChain(path);
    expect(seen).toBeDefined();
    if (!seen) return;
    for (const [beginning, isKnown] of [
      ['old\n', false],
      ['new, and long enough\n', true],
    ] as const) {
      const done = new LogFile({ ...seen, birthtimeNs: 0n }, path);
      done.fingerprint = fingerprintOf(Buffer.from(beginning));
      done.size = beginning.length;
      const familiar = new FamiliarFiles([]);
      familiar.remember(done);
      expect(familiar.has({ ...seen, birthtimeNs: 0n }, [])).toBe(isKnown);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a file that was written anew to the same size is seen by its time of change', async () => {
  const at = (world = await TailWorld.start());
  at.follow('a.log');
  writeFileSync(at.path('a.log'), 'one\n');
  await at.pass();
  writeFileSync(at.path('a.log'), 'two\n');
  utimesSync(at.path('a.log'), 5000, 5000);
  await at.drain();
  expect(at.stored.lines().toSorted()).toEqual(['one', 'two']);
});

test('a file that was written anew, and ends as before, is seen by its beginning', async () => {
  const at = (world = await TailWorld.start());
  at.follow('a.log');
  const alike = 'the same line again and again, with nothing that tells one from another\n';
  writeFileSync(at.path('a.log'), `first\n${alike.repeat(3)}`);
  await at.pass();
  writeFileSync(at.path('a.log'), `other\n${alike.repeat(4)}`);
  await at.drain();
  expect(at.stored.lines().toSorted()).toEqual([
    'first',
    'other',
    ...Array<string>(7).fill(alike.trim()),
  ]);
  expect(at.gaps).toMatchObject([{ kind: 'log_truncated' }]);
});
