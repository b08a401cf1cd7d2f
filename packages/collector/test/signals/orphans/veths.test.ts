import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  findOrphanVeths,
  parseDeviceNames,
  parseIndexes,
  type Veth,
} from '../../../src/signals/orphans/veths.ts';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20_260_131);
const veth = (index: number, peer: number): Veth => ({ name: `veth${index}`, index, peer });
const inside = (pid: number, ...indexes: number[]): { pid: number; indexes: Set<number> } => ({
  pid,
  indexes: new Set(indexes),
});
const noPeers = (): undefined => undefined;

describe('orphan veths', () => {
  it('are those whose other end is in no namespace', () => {
    const veths = [veth(5, 4), veth(7, 6), veth(11, 10), veth(10, 11)];
    const orphans = findOrphanVeths(veths, [inside(1, 4), inside(2, 6, 8)], noPeers);
    expect(orphans.map(({ index }) => index)).toEqual([11, 10]);
  });

  it('are told apart by the sysfs of the containers where the index is the same in all', () => {
    const veths = [veth(5, 3), veth(6, 3), veth(7, 3)];
    const namespaces = [inside(1, 3), inside(2, 3)];
    const peers = new Map([
      [1, new Set([5])],
      [2, new Set([7])],
    ]);
    expect(findOrphanVeths(veths, namespaces, (pid) => peers.get(pid))).toEqual([veth(6, 3)]);
  });

  it('are not named where that cannot be told', () => {
    const veths = [veth(5, 3), veth(6, 3), veth(7, 3)];
    const namespaces = [inside(1, 3), inside(2, 3)];
    expect(findOrphanVeths(veths, namespaces, noPeers)).toEqual([]);
    const oneKnown = (pid: number): Set<number> | undefined =>
      pid === 1 ? new Set([5]) : undefined;
    expect(findOrphanVeths(veths, namespaces, oneKnown)).toEqual([]);
  });

  it('are none when there are as many ends as namespaces', () => {
    const veths = [veth(5, 3), veth(6, 3)];
    const asked: number[] = [];
    const orphans = findOrphanVeths(veths, [inside(1, 3), inside(2, 3)], (pid) => {
      asked.push(pid);
      return undefined;
    });
    expect([orphans, asked]).toEqual([[], []]);
  });
});

describe('tables of a network namespace', () => {
  it('give the indexes of its interfaces', () => {
    const igmp =
      'Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n' +
      '1\tlo        :     1      V3\n\t\t\t\t010000E0     1 0:00000000\t\t0\n' +
      '326\tethtest   :     1      V3\n\t\t\t\t010000E0     1 0:00000000\t\t0\n';
    const multicast = '327  eth1            1     0     333300000001\n';
    const inet6 =
      '00000000000000000000000000000001 01 80 10 80       lo\n' +
      'fe80000000000000f049b4fffe2718dc 148 40 20 c0  eth2\n';
    expect([...parseIndexes({ igmp, multicast, inet6 })]).toEqual([326, 327, 328]);
  });

  it('give the names of its interfaces', () => {
    const text = 'Inter-|   Receive\n face |bytes\n    lo: 1 2 3\nveth1a2b3c4: 0 0\n  eth0:1: 0\n';
    expect(parseDeviceNames(text)).toEqual(['lo', 'veth1a2b3c4', 'eth0:1']);
  });

  it('never make the parser throw', () => {
    const piece = fc.constantFrom('1', '326', '\t', ' ', '\n', 'eth0', ':', 'f'.repeat(32), '-');
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, text, text, (igmp, multicast, inet6) => {
        const found = parseIndexes({ igmp, multicast, inet6 });
        expect([...found].every((index) => Number.isSafeInteger(index) && index > 1)).toBe(true);
        parseDeviceNames(igmp);
      }),
      { seed },
    );
  });
});
