import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { limits } from '@plimsoll/model';
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

test('a file is read as it grows, and an incomplete last line waits', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), 'one\ntwo\nthr');
  await at.pass();
  await at.acknowledge();
  expect(at.stored.lines()).toEqual(['one', 'two']);
  appendFileSync(at.path('a.log'), 'ee\n');
  await at.pass();
  await at.acknowledge();
  expect(at.stored.lines()).toEqual(['one', 'two', 'three']);
});

test('an incomplete last line is shipped when its file is final', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), 'one\nrest');
  await at.pass();
  rmSync(at.path('a.log'));
  await at.pass(100);
  await at.drain();
  expect(at.stored.lines()).toEqual(['one', 'rest']);
  expect(at.gaps).toEqual([]);
  expect([...at.tailer.files()]).toEqual([]);
});

test('a deleted file that was never finished is read to its end by its kept descriptor', async () => {
  const at = await start({ maxInFlightBytes: 300_000 });
  at.follow('a.log');
  writeFileSync(at.path('a.log'), numbered(0, 200_000));
  await at.pass();
  expect(at.tailer.isBlocked).toBe(true);
  rmSync(at.path('a.log'));
  for (let round = 0; round < 30; round += 1) await at.drain();
  expect(at.stored.lines().length).toBe(200_000);
});

test('empty files, NUL bytes and bytes that are no UTF-8 are shipped as they are', async () => {
  const at = await start();
  at.follow('empty.log');
  at.follow('odd.log');
  writeFileSync(at.path('empty.log'), '');
  writeFileSync(at.path('odd.log'), Buffer.from('\0\0\n\xff\xfe\xc3\n{"log":"broken\n', 'latin1'));
  await at.drain();
  expect(at.stored.lines()).toEqual(['\0\0', '\xff\xfe\xc3', '{"log":"broken']);
});

test('a line of 5 MiB is cut at the longest record and nothing of it is lost', async () => {
  const at = await start();
  at.follow('long.log');
  const line = 'x'.repeat(5 * 1024 * 1024);
  writeFileSync(at.path('long.log'), `before\n${line}\nafter\n`);
  await at.pass();
  const [frame] = at.publisher.published;
  expect(frame).toBeDefined();
  await at.drain();
  expect(at.stored.lines()).toEqual(['before', line, 'after']);
  expect(at.tailer.linesRead).toBe(3);
  expect(limits.maxRecordBytes).toBeLessThan(line.length);
});

test('several rotations between two looks are found beside the path and read in full', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), numbered(0, 10));
  await at.pass();
  appendFileSync(at.path('a.log'), numbered(10, 20));
  renameSync(at.path('a.log'), at.path('a.log.2'));
  writeFileSync(at.path('a.log.1'), numbered(20, 30));
  writeFileSync(at.path('a.log'), numbered(30, 40));
  await at.drain();
  expect(at.stored.lines().toSorted()).toEqual(numbered(0, 40).trim().split('\n').toSorted());
  expect(at.gaps).toEqual([]);
});

test('a file that rotated while the collector was away is read to its end first', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), numbered(0, 10));
  await at.pass();
  await at.acknowledge();
  await at.store.writeNow();
  appendFileSync(at.path('a.log'), numbered(10, 20));
  renameSync(at.path('a.log'), at.path('a.log.1'));
  writeFileSync(at.path('a.log'), numbered(20, 30));
  await at.crash(0);
  await at.drain();
  expect(at.stored.lines()).toEqual(numbered(0, 30).trim().split('\n'));
  expect(at.stored.repeatedBytes).toBe(0);
});

test('a file that was rotated out of existence while the collector was away is a reported gap', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), numbered(0, 10));
  await at.pass();
  await at.store.writeNow();
  renameSync(at.path('a.log'), at.path('gone'));
  writeFileSync(at.path('a.log'), numbered(10, 20));
  await at.crash(0);
  rmSync(at.path('gone'));
  await at.drain();
  expect(at.gaps).toMatchObject([
    { kind: 'log_gap', reason: 'rotated_away_bytes', bytes: numbered(0, 10).length, position: 0 },
  ]);
  expect(at.stored.lines()).toEqual(numbered(10, 20).trim().split('\n'));
});

test('rotation that outran the looks is reported, for what may have come and gone between', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), numbered(0, 10));
  await at.pass();
  rmSync(at.path('a.log'));
  writeFileSync(at.path('a.log.1'), numbered(50, 60));
  writeFileSync(at.path('a.log'), numbered(60, 70));
  await at.drain();
  expect(at.gaps).toMatchObject([{ kind: 'log_gap', reason: 'rotated_away_bytes', bytes: 0 }]);
  expect(at.stored.lines()).toHaveLength(30);
});

test('a truncation is reported with the bytes it cost', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), numbered(0, 10));
  await at.pass();
  await at.acknowledge();
  appendFileSync(at.path('a.log'), 'no newline yet');
  await at.pass();
  truncateSync(at.path('a.log'), 0);
  appendFileSync(at.path('a.log'), 'line 0\nnew\n');
  await at.drain();
  expect(at.gaps).toMatchObject([{ kind: 'log_truncated', reason: 'truncated_bytes', bytes: 14 }]);
  expect(at.stored.lines()).toEqual([...numbered(0, 10).trim().split('\n'), 'line 0', 'new']);
});

test('a file that was truncated and has grown beyond the position is seen by its content', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), 'first\nsecond\n');
  await at.pass();
  truncateSync(at.path('a.log'), 0);
  appendFileSync(at.path('a.log'), 'first\nother and longer than before\n');
  await at.drain();
  expect(at.gaps).toMatchObject([{ kind: 'log_truncated' }]);
  expect(at.stored.lines().toSorted()).toEqual(
    ['first', 'second', 'first', 'other and longer than before'].toSorted(),
  );
});

test('start_at end begins after the last complete line of a file never seen before', async () => {
  const at = await start({ startAt: 'end' });
  writeFileSync(at.path('a.log'), `${numbered(0, 500)}half`);
  writeFileSync(at.path('a.log.1'), 'history\n');
  at.follow('a.log');
  await at.pass();
  appendFileSync(at.path('a.log'), ' and half\nnext\n');
  await at.drain();
  expect(at.stored.lines()).toEqual(['half and half', 'next']);
});

test('a position at the end survives a restart before anything was acknowledged', async () => {
  const at = await start({ startAt: 'end' });
  writeFileSync(at.path('a.log'), numbered(0, 100));
  at.follow('a.log');
  await at.pass();
  await at.store.writeNow();
  appendFileSync(at.path('a.log'), 'while away\n');
  await at.crash(0);
  await at.drain();
  expect(at.stored.lines()).toEqual(['while away']);
});

test('descriptors stay within max_open_files, and closed files still grow', async () => {
  const at = await start({ maxOpenFiles: 16 });
  const names = Array.from({ length: 60 }, (_, index) => `${index}.log`);
  for (const name of names) {
    writeFileSync(at.path(name), 'first\n');
    at.follow(name);
  }
  await at.pass();
  await at.acknowledge();
  await at.pass();
  const open = [...at.tailer.files()].filter(({ file }) => file.isOpen).length;
  expect(open).toBeLessThanOrEqual(16);
  const before = openDescriptors();
  for (const name of names) appendFileSync(at.path(name), 'second\n');
  await at.drain();
  expect(at.stored.lines().filter((line) => line === 'second').length).toBe(60);
  expect(openDescriptors()).toBeLessThanOrEqual(before + 1);
});

test('reading stops at max_in_flight and goes on when there is room', async () => {
  const at = await start({ maxInFlightBytes: 2_400_000 });
  at.follow('a.log');
  writeFileSync(at.path('a.log'), numbered(0, 400_000));
  await at.pass();
  expect(at.outbox.inFlightBytes('logs')).toBeLessThanOrEqual(2_400_000);
  expect(at.outbox.inFlightBytes('logs')).toBeGreaterThan(1_024_000);
  expect(at.tailer.isBlocked).toBe(true);
  for (let round = 0; round < 10; round += 1) await at.drain();
  expect(at.stored.lines().length).toBe(400_000);
});

test('files that rotate while the transport stalls are held open, up to a number', async () => {
  const at = await start({ maxInFlightBytes: 1, timing: { maxRetiredFiles: 5 } });
  at.follow('a.log');
  for (let round = 0; round < 10; round += 1) {
    writeFileSync(at.path('a.log'), numbered(round * 10, round * 10 + 10));
    await at.pass();
    if (round < 9) rmSync(at.path('a.log'));
  }
  const lost = at.gaps.reduce((sum, gap) => sum + gap.bytes, 0);
  expect(at.gaps.length).toBeGreaterThan(0);
  expect(at.gaps.every(({ reason }) => reason === 'held_files_bytes')).toBe(true);
  for (let round = 0; round < 8; round += 1) await at.drain();
  const stored = at.stored.lines().reduce((sum, line) => sum + line.length + 1, 0);
  expect(stored + lost).toBe(numbered(0, 100).length);
});

test('deleted files are held up to a number of bytes, the newest first', async () => {
  const at = await start({ maxInFlightBytes: 1, timing: { maxHeldDeletedBytes: 1000 } });
  for (const name of ['a.log', 'b.log']) {
    at.follow(name);
    writeFileSync(at.path(name), 'x'.repeat(799).concat('\n'));
  }
  writeFileSync(at.path('c.log'), 'blocks\n');
  at.follow('c.log');
  await at.pass();
  for (const name of ['a.log', 'b.log']) rmSync(at.path(name));
  await at.pass();
  await at.pass();
  expect(at.gaps.filter(({ reason }) => reason === 'held_files_bytes').length).toBeLessThanOrEqual(
    1,
  );
});

test('a flood in one file does not starve the others', async () => {
  const at = await start();
  at.follow('flood.log');
  writeFileSync(at.path('flood.log'), 'x'.repeat(99).concat('\n').repeat(500_000));
  for (const name of ['a.log', 'b.log']) {
    at.follow(name);
    writeFileSync(at.path(name), 'quiet\n');
  }
  at.nowMs += 1000;
  await at.tailer.pass();
  const quiet = [...at.tailer.files()].filter(({ file }) => file.position === 6);
  expect(quiet.length).toBe(2);
});

test('an unreadable path is reported once, and when it can be read again', async () => {
  const at = await start();
  mkdirSync(at.path('loop'));
  writeFileSync(at.path('loop/a.log'), 'one\n');
  at.follow('loop/a.log');
  await at.pass();
  chmodSync(at.path('loop'), 0o000);
  await at.pass();
  chmodSync(at.path('loop'), 0o755);
  appendFileSync(at.path('loop/a.log'), 'two\n');
  await at.drain();
  expect(at.stored.lines()).toEqual(['one', 'two']);
});

test('what the transport refuses is counted and does not stop the file', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), 'refused\n');
  at.publisher.refusal = new Error('too large');
  await at.pass();
  expect(at.refusedBytes).toBe(8);
  at.publisher.refusal = null;
  appendFileSync(at.path('a.log'), 'taken\n');
  await at.drain();
  expect(at.stored.lines()).toEqual(['taken']);
});

test('frames keep the limits on bytes and chunks', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(
    at.path('a.log'),
    'x'
      .repeat(1023)
      .concat('\n')
      .repeat(20 * 1024),
  );
  await at.pass();
  expect(at.publisher.published.length).toBeGreaterThanOrEqual(3);
  await at.drain();
  expect(at.stored.lines().length).toBe(20 * 1024);
});

test('a path nobody follows any more stays in the checkpoint until it is known to be gone', async () => {
  const at = await start();
  at.follow('a.log');
  writeFileSync(at.path('a.log'), 'one\n');
  await at.pass();
  await at.acknowledge();
  await at.store.writeNow();
  const restored = (await at.store.load())?.files ?? [];
  expect(restored.map(({ position }) => position)).toEqual([4]);
});

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
