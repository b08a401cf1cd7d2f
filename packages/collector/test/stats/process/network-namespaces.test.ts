import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NetworkNamespaces } from '../../../src/stats/process/network-namespaces.ts';
import type { Target } from '../../../src/target.ts';
import { makeTarget } from '../make-target.ts';

let proc = '';
let namespaces: NetworkNamespaces;
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'plimsoll-netns-'));
  namespaces = new NetworkNamespaces(proc);
  setNamespace(1, 'host');
});
afterEach(() => {
  rmSync(proc, { recursive: true, force: true });
});

function setNamespace(pid: number, name: string): void {
  mkdirSync(join(proc, String(pid), 'ns'), { recursive: true });
  symlinkSync(`net:[${name}]`, join(proc, String(pid), 'ns/net'));
}

let nextPid = 100;
/** Adds a container; with a namespace the kernel says so, without one it may not be looked at. */
function add(dockerId: string, given: Partial<Target> & { namespace?: string } = {}): void {
  const { namespace, ...target } = given;
  const pid = nextPid++;
  if (namespace !== undefined) setNamespace(pid, namespace);
  namespaces.add(makeTarget({ dockerId, pid, ...target }));
}

function reporters(...ids: string[]): string[] {
  return ids.filter((id) => namespaces.isReporter(id));
}

describe('a network namespace is reported by', () => {
  it('each container that has one of its own', () => {
    add('a', { namespace: '1' });
    add('b', { namespace: '2' });
    expect(reporters('a', 'b', 'unheard-of')).toEqual(['a', 'b']);
  });

  it('none of those in the host’s', () => {
    add('a', { namespace: 'host' });
    add('b', { networkMode: 'host' });
    expect(reporters('a', 'b')).toEqual([]);
  });

  it('the container that others joined, whichever started first', () => {
    add('joined', { namespace: '1', networkMode: 'container:owner', startedAtMs: 1 });
    add('owner', { namespace: '1', networkMode: 'bridge', startedAtMs: 2 });
    expect(reporters('joined', 'owner')).toEqual(['owner']);
    namespaces.remove('owner');
    expect(reporters('joined', 'owner')).toEqual(['joined']);
  });

  it('the container of a pod that started first, in whatever order they are found', () => {
    add('late', { namespace: '1', startedAtMs: 30 });
    add('z-first', { namespace: '1', startedAtMs: 10 });
    add('a-first', { namespace: '1', startedAtMs: 10 });
    expect(reporters('late', 'z-first', 'a-first')).toEqual(['a-first']);
    add('newest', { namespace: '1', startedAtMs: 40 });
    expect(reporters('late', 'z-first', 'a-first', 'newest')).toEqual(['a-first']);
  });

  it('one of them by what the runtime says, where the kernel may not be asked', () => {
    add('owner');
    add('joined', { networkMode: 'container:owner' });
    add('pod-a', { podUid: 'p', startedAtMs: 1 });
    add('pod-b', { podUid: 'p', startedAtMs: 2 });
    expect(reporters('owner', 'joined', 'pod-a', 'pod-b')).toEqual(['owner', 'pod-a']);
  });

  it('nobody where there is no process', () => {
    namespaces.add(makeTarget({ dockerId: 'a', pid: 0 }));
    expect(reporters('a')).toEqual([]);
  });
});
