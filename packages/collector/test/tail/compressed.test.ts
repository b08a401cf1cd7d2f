/** Rotated files that were compressed before they were read to their end. */
import {
  appendFileSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { TailWorld, type TailWorldOptions } from './tail-world.ts';

let world: TailWorld | null = null;

async function start(options: TailWorldOptions = {}): Promise<TailWorld> {
  world = await TailWorld.start(options);
  return world;
}

afterEach(() => {
  world?.dispose();
  world = null;
});

function numbered(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}\n`).join('');
}

function compress(at: TailWorld, from: string, to: string): void {
  writeFileSync(at.path(to), gzipSync(readFileSync(at.path(from))));
  unlinkSync(at.path(from));
}

function lines(text: string): string[] {
  return text.trim().split('\n');
}

test('history that rotation has compressed is read before the rest', async () => {
  const at = await start();
  writeFileSync(at.path('a.log.2.gz'), gzipSync(numbered(0, 10)));
  writeFileSync(at.path('a.log.1'), numbered(10, 20));
  writeFileSync(at.path('a.log'), numbered(20, 30));
  at.follow('a.log');
  await at.drain();
  expect(at.stored.lines().toSorted()).toEqual(lines(numbered(0, 30)).toSorted());
  expect(at.gaps).toEqual([]);
});

test('what was rotated and compressed while the collector was away is read on from its position', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), numbered(0, 10));
  await at.pass();
  await at.acknowledge();
  await at.store.writeNow();
  appendFileSync(at.path('a.log'), numbered(10, 20));
  compress(at, 'a.log', 'a.log.2.gz');
  writeFileSync(at.path('a.log.1.gz'), gzipSync(numbered(20, 30)));
  writeFileSync(at.path('a.log'), numbered(30, 40));
  await at.crash(0);
  await at.drain();
  expect(at.stored.lines().toSorted()).toEqual(lines(numbered(0, 40)).toSorted());
  expect(at.stored.repeatedBytes).toBe(0);
  expect(at.gaps).toEqual([]);
});

test('a crash while compressed content is read goes on in it', async () => {
  const at = await start({ maxInFlightBytes: 1 });
  at.follow('a.log');
  const text = 'x'.repeat(99).concat('\n').repeat(30_000);
  writeFileSync(at.path('a.log.1.gz'), gzipSync(`first\n${text}`));
  writeFileSync(at.path('a.log'), 'last\n');
  await at.pass();
  await at.pass();
  await at.acknowledge(1);
  await at.store.writeNow();
  await at.crash(0);
  for (let round = 0; round < 3; round += 1) await at.drain();
  expect(at.stored.lines().length).toBe(30_002);
  expect(at.gaps).toEqual([]);
});

test('a file that is held open is not read again from what it was compressed to', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), numbered(0, 10));
  await at.pass();
  renameSync(at.path('a.log'), at.path('a.log.1'));
  writeFileSync(at.path('a.log'), numbered(10, 20));
  await at.pass();
  compress(at, 'a.log.1', 'a.log.1.gz');
  renameSync(at.path('a.log'), at.path('a.log.0'));
  renameSync(at.path('a.log.1.gz'), at.path('a.log.2.gz'));
  renameSync(at.path('a.log.0'), at.path('a.log.1'));
  writeFileSync(at.path('a.log'), numbered(20, 30));
  await at.drain();
  expect(at.stored.lines()).toEqual(lines(numbered(0, 30)));
});

test('a file let go long ago is not read again from what it was compressed to', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), numbered(0, 10));
  await at.pass();
  renameSync(at.path('a.log'), at.path('a.log.1'));
  await at.drain();
  compress(at, 'a.log.1', 'a.log.1.gz');
  writeFileSync(at.path('a.log'), numbered(10, 20));
  await at.drain();
  expect(at.stored.lines().toSorted()).toEqual(lines(numbered(0, 20)).toSorted());
});

test('nor when it was compressed while the collector was away, and nothing else was left', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), numbered(0, 10));
  await at.pass();
  renameSync(at.path('a.log'), at.path('a.log.1'));
  await at.drain();
  await at.store.writeNow();
  await at.crash(0);
  compress(at, 'a.log.1', 'a.log.1.gz');
  writeFileSync(at.path('a.log'), numbered(10, 20));
  await at.drain();
  expect(at.stored.lines().toSorted()).toEqual(lines(numbered(0, 20)).toSorted());
});

test('nor when the file after it was cut meanwhile, so that its copy is looked for', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), numbered(0, 10));
  await at.pass();
  renameSync(at.path('a.log'), at.path('a.log.1'));
  writeFileSync(at.path('a.log'), numbered(10, 20));
  await at.drain();
  await at.store.writeNow();
  await at.crash(0);
  compress(at, 'a.log.1', 'a.log.1.gz');
  writeFileSync(at.path('a.log'), numbered(20, 25));
  await at.drain();
  expect(at.stored.lines().toSorted()).toEqual(lines(numbered(0, 25)).toSorted());
});

test('a file whose beginning was too short to tell at the checkpoint is known again all the same', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), 'l');
  await at.pass();
  await at.store.writeNow();
  await at.crash(0);
  appendFileSync(at.path('a.log'), `ine 0\n${numbered(1, 5)}`);
  renameSync(at.path('a.log'), at.path('a.log.1'));
  await at.pass(6000);
  // The frame arrived; that it did was not heard any more.
  await at.crash(1);
  compress(at, 'a.log.1', 'a.log.1.gz');
  await at.drain();
  expect(at.stored.lines()).toEqual(lines(numbered(0, 5)));
});

test('a compressed file that is another than it seemed is read as its own', async () => {
  const at = await start();
  at.follow('a.log');
  const head = '#Fields: date time\n';
  writeFileSync(at.path('a.log'), head + numbered(0, 10));
  await at.pass();
  await at.acknowledge();
  await at.store.writeNow();
  rmSync(at.path('a.log'));
  writeFileSync(at.path('a.log.1.gz'), gzipSync(head + numbered(50, 70)));
  writeFileSync(at.path('a.log'), head + numbered(70, 80));
  await at.crash(0);
  await at.drain();
  const banner = head.trim();
  const wanted = [...lines(numbered(0, 10)), ...lines(numbered(50, 80)), banner, banner, banner];
  expect(new Set(at.stored.lines())).toEqual(new Set(wanted));
  expect(at.stored.lines()).toHaveLength(wanted.length);
});

test('what is larger than the limit when decompressed is lost, and counted', async () => {
  const at = await start({ timing: { maxUnpackedBytes: 1000 } });
  at.follow('a.log');
  writeFileSync(at.path('a.log.1.gz'), gzipSync('x'.repeat(1999).concat('\n')));
  writeFileSync(at.path('a.log'), 'one\n');
  await at.drain();
  expect(at.stored.lines()).toEqual(['one']);
  expect(at.gaps).toMatchObject([{ reason: 'rotated_away_bytes', bytes: 2000, position: 0 }]);
});

test('what is damaged or no gzip file stops nothing', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log.3.gz'), 'no gzip at all, whatever its name');
  const good = gzipSync(numbered(0, 1000));
  good.fill(0x55, 30, 60);
  writeFileSync(at.path('a.log.2.gz'), good);
  writeFileSync(at.path('a.log.1.gz'), '');
  writeFileSync(at.path('a.log'), 'one\n');
  await at.drain();
  expect(at.stored.lines()).toEqual(['one']);
  expect(at.gaps).toMatchObject([{ bytes: numbered(0, 1000).length }]);
});
