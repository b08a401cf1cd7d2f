import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Unpacker } from '../../src/tail/unpacker.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-unpacker-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function packed(bytes: Buffer): number {
  writeFileSync(join(folder, 'packed.gz'), bytes);
  return openSync(join(folder, 'packed.gz'), 'r');
}

function unpackerOf(maxBytes = 1e6): Unpacker {
  return new Unpacker({ folder: join(folder, 'state'), maxBytes });
}

const content = Buffer.from('line\n'.repeat(50_000));

test('the content comes in a file without a name', async () => {
  const unpacker = unpackerOf();
  const unpacking = unpacker.start(packed(gzipSync(content)));
  expect(unpacking.take()).toBe(-1);
  await unpacker.idle();
  const descriptor = unpacking.take();
  expect(readFileSync(descriptor).equals(content)).toBe(true);
  expect(fstatSync(descriptor).nlink).toBe(0);
  expect(readdirSync(join(folder, 'state'))).toEqual([]);
  closeSync(descriptor);
  expect(unpacking.take()).toBe(-1);
});

test('several members are one content', async () => {
  const unpacker = unpackerOf();
  const unpacking = unpacker.start(packed(Buffer.concat([gzipSync('a\n'), gzipSync('b\n')])));
  await unpacker.idle();
  const descriptor = unpacking.take();
  expect(readFileSync(descriptor, 'utf8')).toBe('a\nb\n');
  closeSync(descriptor);
});

const refusals: [string, Buffer, RegExp][] = [
  ['what is cut short', gzipSync(content).subarray(0, -20), /unexpected end/],
  ['what is damaged', Buffer.from('no gzip at all'), /incorrect header/],
  ['what is larger than the limit', gzipSync(Buffer.alloc(2_000_000)), /expected 1000000 bytes/],
];

test.each(refusals)(
  '%s is refused with a reason, and nothing is left',
  async (_, bytes, reason) => {
    const before = openDescriptors();
    const unpacker = unpackerOf();
    const unpacking = unpacker.start(packed(bytes));
    await unpacker.idle();
    expect(unpacking.problem).toMatch(reason);
    expect(unpacking.take()).toBe(-1);
    expect(openDescriptors()).toBe(before);
    expect(readdirSync(join(folder, 'state'))).toEqual([]);
  },
);

test('what is cancelled is closed, whether it was done or not', async () => {
  const before = openDescriptors();
  const unpacker = unpackerOf();
  const first = unpacker.start(packed(gzipSync(content)));
  const second = unpacker.start(packed(gzipSync(content)));
  second.cancel();
  await unpacker.idle();
  first.cancel();
  expect(openDescriptors()).toBe(before);
});

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
