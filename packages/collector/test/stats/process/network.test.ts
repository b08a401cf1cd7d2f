import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ContainerValues } from '../../../src/stats/container-values.ts';
import { DamagedFiles } from '../../../src/stats/damaged-files.ts';
import { KeptFiles } from '../../../src/stats/kept-files.ts';
import { ContainerNetwork } from '../../../src/stats/process/network.ts';

let folder: string;
let network: ContainerNetwork;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-network-'));
  mkdirSync(join(folder, 'net'));
  write(1000);
  const damaged = new DamagedFiles(() => undefined);
  network = new ContainerNetwork({ files: new KeptFiles(), damaged }, folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(packets: number): void {
  const head = 'Inter-|   Receive                |  Transmit\n face |bytes packets errs drop\n';
  const zeros = '0 '.repeat(14);
  writeFileSync(join(folder, 'net/dev'), `${head}  eth0: ${packets * 10} ${packets} ${zeros}\n`);
  writeFileSync(
    join(folder, 'net/sockstat'),
    'sockets: used 3\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 0\nUDP: inuse 0 mem 0\n',
  );
}

function read(hasRun: boolean): number {
  const values = new ContainerValues();
  network.read(values, hasRun);
  return values.get('network_receive_packets_total');
}

test('a container that is still is looked at in every third scrape, and keeps its values', () => {
  expect([read(true), read(false)]).toEqual([1000, 1000]);
  write(2000);
  expect([read(false), read(false), read(false)]).toEqual([1000, 1000, 2000]);
  // Packets came: it is looked at again, until they stop.
  write(3000);
  expect(read(false)).toBe(3000);
});

test('one that has run is looked at at once', () => {
  read(true);
  read(false);
  write(2000);
  expect(read(true)).toBe(2000);
});

test('one whose namespace is gone has no values', () => {
  read(true);
  rmSync(join(folder, 'net'), { recursive: true });
  expect(read(true)).toBeNaN();
});
