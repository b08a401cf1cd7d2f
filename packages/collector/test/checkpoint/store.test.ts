import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  mkdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { ManualClock, silentLogger } from '@plimsoll/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  checkpointVersion,
  parseCheckpoint,
  type Checkpoint,
} from '../../src/checkpoint/format.ts';
import { CheckpointStore } from '../../src/checkpoint/store.ts';

const checkpoint: Checkpoint = {
  version: checkpointVersion,
  collector_id: '7a1d',
  epoch: 12,
  docker_events_since: '1767225600.000000001',
  kernel_log: { boot_id: 'b', source: 's', sequence: 9, boot_time_ms: 1.5 },
  files: [
    {
      followed: '/var/log/a.log',
      path: '/var/log/a.log.1',
      file_id: '0123456789abcdef0123456789abcdef',
      device: '66304',
      inode: '18446744073709551615',
      birthtime_ns: '1767225600000000001',
      fingerprint: { bytes: 12, hash: 'ab' },
      generation: 1,
      position: 4096,
      marker: { bytes: 64, crc: 4294967295 },
      size: 5000,
      mtime_ms: 1767225600000.25,
      proven_size: 4900,
      proven_mtime_ms: 1767225500000.5,
      seen_at_ms: 1767225600001,
    },
  ],
  done: [
    {
      followed: '/var/log/a.log',
      device: '66304',
      inode: '18446744073709551614',
      birthtime_ns: '1767225600000000001',
      fingerprint: { bytes: 1024, hash: 'cd' },
      size: 5000,
      mtime_ms: 1767225600000.25,
      seen_at_ms: 1767225600001,
    },
  ],
  streams: [
    {
      container_id: 'c'.repeat(64),
      file_id: '1123456789abcdef0123456789abcdef',
      generation: 2,
      position: 8192,
      point: {
        latest: '2026-01-01T00:00:00.000000009Z',
        last: 'stderr',
        stdout: null,
        stderr: { time: '2026-01-01T00:00:00.000000009Z', count: 2, crc: 4294967295, open: false },
      },
      unterminated: { time: '2026-01-01T00:00:00.000000009Z', bytes: 8 },
      complete_life_ms: 1767225600000,
      seen_at_ms: 1767225600001,
    },
  ],
};
const good = JSON.stringify(checkpoint);

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-checkpoint-'));
  path = join(folder, 'checkpoint.json');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function open(clock = new ManualClock()): CheckpointStore {
  return new CheckpointStore({ path, clock, logger: silentLogger(), snapshot: () => checkpoint });
}

function file(change: object): string {
  return JSON.stringify({ ...checkpoint, files: [{ ...checkpoint.files[0], ...change }] });
}

function stream(change: object): string {
  return JSON.stringify({ ...checkpoint, streams: [{ ...checkpoint.streams?.[0], ...change }] });
}

function point(change: object): string {
  return stream({ point: { ...checkpoint.streams?.[0]?.point, ...change } });
}

describe('a checkpoint that cannot be read', () => {
  const cases: [string, string][] = [
    ['an empty file', ''],
    ['a torn write', good.slice(0, good.length >> 1)],
    ['a file of NUL bytes, as a crash of the machine leaves it', '\0'.repeat(200)],
    ['another kind of JSON', '[]'],
    ['null', 'null'],
    ['a version of the future', JSON.stringify({ ...checkpoint, version: 2 })],
    ['no collector id', JSON.stringify({ ...checkpoint, collector_id: '' })],
    ['an epoch that is no number', JSON.stringify({ ...checkpoint, epoch: '12' })],
    ['a kernel position of another shape', JSON.stringify({ ...checkpoint, kernel_log: {} })],
    ['files that are no list', JSON.stringify({ ...checkpoint, files: {} })],
    ['a position below zero', file({ position: -1 })],
    ['a position with a fraction', file({ position: 1.5 })],
    ['an inode that is no whole number', file({ inode: '12n' })],
    ['a fingerprint of another shape', file({ fingerprint: 'ab' })],
    ['no marker', file({ marker: null })],
    ['files let go that are no list', JSON.stringify({ ...checkpoint, done: 7 })],
    ['a file let go without an inode', JSON.stringify({ ...checkpoint, done: [{ size: 1 }] })],
    ['streams that are no list', JSON.stringify({ ...checkpoint, streams: {} })],
    ['a stream of no container', stream({ container_id: '' })],
    ['a position of a stream below zero', stream({ position: -1 })],
    ['a generation with a fraction', stream({ generation: 0.5 })],
    ['a point that is missing', stream({ point: null })],
    ['a time that is none', point({ latest: 'yesterday' })],
    ['a last stream of which nothing is known', point({ last: 'stdout' })],
    ['a last stream by another name', point({ last: 'stdin' })],
    ['a tail of no message', point({ stdout: { time: '', count: 0, crc: 0, open: false } })],
    ['a terminal text of another shape', stream({ unterminated: { bytes: 8 } })],
  ];
  test.each(cases)('%s is put aside, and the start is as configured', async (_title, text) => {
    writeFileSync(path, text);
    expect(await open().load()).toBeNull();
    expect(readdirSync(folder).filter((name) => name.includes('unreadable'))).toHaveLength(1);
    expect(readdirSync(folder)).not.toContain('checkpoint.json');
  });

  test('is recognised whatever the bytes are', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.nat({ max: good.length }).map((end) => good.slice(0, end)),
        ),
        (text) => {
          const parsed = parseCheckpoint(text);
          expect(text === good || 'problem' in parsed).toBe(true);
        },
      ),
    );
  });
});

test('a checkpoint of an older collector has no streams, nor files that were let go', async () => {
  const { streams: _streams, done: _done, ...older } = checkpoint;
  writeFileSync(path, JSON.stringify(older));
  expect(await open().load()).toEqual({ ...older, streams: [], done: [] });
});

test('what was written is read again, whole numbers beyond 2^53 included', async () => {
  const store = open();
  await store.writeNow();
  expect(await open().load()).toEqual(checkpoint);
  expect(readdirSync(folder)).toEqual(['checkpoint.json']);
});

test('a missing file is a first start', async () => {
  expect(await open().load()).toBeNull();
  expect(readdirSync(folder)).toEqual([]);
});

async function writeTwo(): Promise<void> {
  let epoch = 1;
  const store = new CheckpointStore({
    path,
    clock: new ManualClock(),
    logger: silentLogger(),
    snapshot: () => ({ ...checkpoint, epoch }),
  });
  await store.writeNow();
  epoch = 2;
  await store.writeNow();
}

describe('the checkpoint before the last one', () => {
  test.each([
    ['torn', ''],
    ['lost to a crash of the machine', '\0'.repeat(200)],
  ])('stands when the last one was %s, also after the next crash', async (_title, text) => {
    await writeTwo();
    writeFileSync(path, text);
    expect((await open().load())?.epoch).toBe(1);
    expect((await open().load())?.epoch).toBe(1);
    expect(readdirSync(folder).filter((name) => name.includes('unreadable'))).toHaveLength(1);
  });

  test('is not taken when the last one can be read, or was taken away on purpose', async () => {
    await writeTwo();
    expect((await open().load())?.epoch).toBe(2);
    rmSync(path);
    expect(await open().load()).toBeNull();
  });

  test('is put aside with the last one when both are damaged', async () => {
    await writeTwo();
    writeFileSync(path, 'x');
    writeFileSync(`${path}.previous`, 'y');
    expect(await open().load()).toBeNull();
  });
});

test('changes are written at most once per second', async () => {
  const clock = new ManualClock();
  const store = open(clock);
  const stopping = new AbortController();
  const keeping = store.keepWriting(stopping.signal);
  await clock.advance(5000);
  expect(readdirSync(folder)).toEqual([]);
  store.markDirty();
  await clock.advance(0);
  await expect.poll(() => readdirSync(folder)).toContain('checkpoint.json');
  expect(readFileSync(path, 'utf8')).toBe(`${good}\n`);
  rmSync(path);
  store.markDirty();
  await clock.advance(999);
  expect(readdirSync(folder)).toEqual([]);
  await clock.advance(1);
  await expect.poll(() => readdirSync(folder)).toContain('checkpoint.json');
  stopping.abort();
  await keeping;
});

/** Another user, because root may write everywhere: a write, and what the store says of it. */
function writeAsNobody(): { problem: string | null; loaded: boolean } {
  const script = `
    import { CheckpointStore } from ${JSON.stringify(join(import.meta.dirname, '../../src/checkpoint/store.ts'))};
    import { silentLogger, systemClock } from '@plimsoll/runtime';
    const store = new CheckpointStore({
      path: ${JSON.stringify(path)}, clock: systemClock, logger: silentLogger(), snapshot: () => (${good}),
    });
    const loaded = await store.load();
    await store.writeNow();
    console.log(JSON.stringify({ problem: store.problem, loaded: loaded !== null }));`;
  const isRoot = process.getuid?.() === 0;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    cwd: join(import.meta.dirname, '../..'),
    ...(isRoot && { uid: 65_534, gid: 65_534 }),
  });
  return JSON.parse(output) as { problem: string | null; loaded: boolean };
}

test('a read-only folder is stated; what is there is read, and nothing fails', () => {
  writeFileSync(path, good);
  chmodSync(path, 0o444);
  chmodSync(folder, 0o555);
  expect(writeAsNobody()).toEqual({ problem: 'EACCES', loaded: true });
  chmodSync(folder, 0o755);
  expect(readFileSync(path, 'utf8')).toBe(good);
});

test('a folder that cannot be written is stated, and mended when it can', async () => {
  path = join(folder, 'state', 'checkpoint.json');
  writeFileSync(join(folder, 'state'), 'a file where the folder should be');
  const store = open();
  await store.writeNow();
  expect(store.problem).toBe('EEXIST');
  rmSync(join(folder, 'state'));
  mkdirSync(join(folder, 'state'));
  await store.writeNow();
  expect(store.problem).toBeNull();
});
