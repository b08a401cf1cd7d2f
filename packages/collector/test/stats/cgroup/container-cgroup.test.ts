import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@plimsoll/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  findContainerCgroup,
  parseMemberships,
  pathOfContainer,
} from '../../../src/stats/cgroup/container-cgroup.ts';
import { ContainerIndex } from '../../../src/stats/cgroup/container-index.ts';
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
  const clock = new ManualClock();
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
    const places = { layout, index: new ContainerIndex(clock), proc: join(root, 'proc') };
    const found = findContainerCgroup(places, { ...owner, ...given });
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

  describe('that are in none of the usual places', () => {
    const pod = 'kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice';

    it.each([
      ['a pod, systemd driver', `${pod}/cri-containerd-${id}.scope`],
      ['a pod, cgroupfs driver', `kubepods/besteffort/pod1/${id}`],
      ['CRI-O', `${pod}/crio-${id}.scope`],
      ['a node in a container', `docker/${outer}/kubelet.slice/kubelet-kubepods.slice/${id}`],
    ])('are found by looking for the id: %s', (_, path) => {
      mkdirSync(join(root, 'cgroup', path), { recursive: true });
      // As a collector sees it from a namespace of its own: above it all, or nothing at all.
      writeFileSync(join(root, 'proc/42/cgroup'), `0::/../../other/${id}\n`);
      expect(find()).toBe(`/${path}`);
      expect(find({ pid: 43 })).toBe(`/${path}`);
    });

    it('are not those of a monitor, nor what lies within the container', () => {
      mkdirSync(join(root, `cgroup/a/crio-conmon-${id}.scope`), { recursive: true });
      mkdirSync(join(root, `cgroup/b/c/crio-${id}.scope/docker/crio-${id}.scope`), {
        recursive: true,
      });
      expect(find()).toBe(`/b/c/crio-${id}.scope`);
    });

    it('are looked for again only after a while', async () => {
      const index = new ContainerIndex(clock);
      const directory = join(root, 'cgroup');
      expect(index.find(directory, id)).toBeUndefined();
      mkdirSync(join(directory, 'some/where', id), { recursive: true });
      expect(index.find(directory, id)).toBeUndefined();
      await clock.advance(10_000);
      expect(index.find(directory, id)).toBe(`/some/where/${id}`);
    });

    it('are looked for in so many folders at most', () => {
      const idOf = (index: number): string => index.toString(16).padStart(64, '0');
      for (let index = 0; index < 12; index++) {
        mkdirSync(join(root, `cgroup/f${index}`, idOf(index)), { recursive: true });
      }
      // The root is one of them.
      const some = new ContainerIndex(clock, { maxFolders: 11 });
      const found = Array.from({ length: 12 }, (_, index) =>
        some.find(join(root, 'cgroup'), idOf(index)),
      ).filter((path) => path !== undefined);
      expect(found).toHaveLength(10);
    });
  });

  it('follow a membership that is relative to a namespace, through the host’s own mount', () => {
    const path = `/kubepods/burstable/pod1/${id}`;
    mkdirSync(join(root, 'cgroup', path), { recursive: true });
    writeFileSync(join(root, 'proc/42/cgroup'), `0::/../../..${path}\n`);
    expect(find()).toBe(path);
  });
});
