import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  findContainerCgroup,
  parseMemberships,
  pathOfContainer,
} from '../../../src/stats/cgroup/container-cgroup.ts';
import { layoutOfDirectory } from '../../../src/stats/cgroup/layout.ts';

const id = 'a1'.repeat(32);
const outer = 'b2'.repeat(32);

describe('path of a container', () => {
  it.each([
    ['cgroupfs driver', `/docker/${id}`, `/docker/${id}`],
    ['systemd driver', `/system.slice/docker-${id}.scope`, `/system.slice/docker-${id}.scope`],
    [
      'Kubernetes, systemd',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-${id}.scope`,
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-${id}.scope`,
    ],
    ['Kubernetes, cgroupfs', `/kubepods/besteffort/pod1/${id}`, `/kubepods/besteffort/pod1/${id}`],
    ['Docker in Docker', `/docker/${outer}/docker/${id}`, `/docker/${outer}/docker/${id}`],
    ['an outer container', `/docker/${id}/docker/${outer}`, `/docker/${id}`],
    ['systemd inside', `/docker/${id}/init.scope`, `/docker/${id}`],
    ['our own namespace', `/../${id}`, `/${id}`],
    ['another process', '/user.slice/session-1.scope', undefined],
    ['the root', '/', undefined],
  ])('%s', (_, path, expected) => {
    expect(pathOfContainer(path, id)).toBe(expected);
  });

  it('never matches without an id', () => {
    expect(pathOfContainer('/docker/x', '')).toBeUndefined();
  });
});

describe('memberships', () => {
  it('reads v1 and v2 lines, blkio as io, and leaves others out', () => {
    const { v1, unified } = parseMemberships(
      '9:name=systemd:/s\n7:blkio:/b\n4:memory:/m:odd\n2:cpu,cpuacct:/c\n0::/u\nnonsense\n',
    );
    expect(Object.fromEntries(v1)).toEqual({
      io: '/b',
      memory: '/m:odd',
      cpu: '/c',
      cpuacct: '/c',
    });
    expect(unified).toBe('/u');
  });
});

describe('folders of a container', () => {
  let root = '';
  const owner = { dockerId: id, pid: 42, cgroup: { parent: '', driver: '' } };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'plimsoll-cgroup-'));
    mkdirSync(join(root, 'proc/42'), { recursive: true });
    mkdirSync(join(root, 'cgroup'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  function find(given: Partial<typeof owner> = {}): string | undefined {
    const layout = layoutOfDirectory(join(root, 'cgroup'));
    const found = findContainerCgroup(layout, { ...owner, ...given }, join(root, 'proc'));
    return found.controllers.get('memory')?.directory.slice(join(root, 'cgroup').length);
  }

  it('are where the init process says', () => {
    mkdirSync(join(root, `cgroup/some/where/${id}`), { recursive: true });
    writeFileSync(join(root, 'proc/42/cgroup'), `0::/some/where/${id}\n`);
    expect(find()).toBe(`/some/where/${id}`);
  });

  it('are not those of another process that was given the pid', () => {
    mkdirSync(join(root, 'cgroup/user.slice'), { recursive: true });
    writeFileSync(join(root, 'proc/42/cgroup'), '0::/user.slice\n');
    expect(find()).toBeUndefined();
  });

  it.each([
    [`docker/${id}`, owner.cgroup],
    [`system.slice/docker-${id}.scope`, owner.cgroup],
    [`team/${id}`, { parent: '/team', driver: 'cgroupfs' }],
    [`team.slice/team-a.slice/docker-${id}.scope`, { parent: 'team-a.slice', driver: 'systemd' }],
  ])('are found by the id at %s when the pid says nothing', (path, cgroup) => {
    mkdirSync(join(root, 'cgroup', path), { recursive: true });
    expect(find({ cgroup, pid: 43 })).toBe(`/${path}`);
  });
});
