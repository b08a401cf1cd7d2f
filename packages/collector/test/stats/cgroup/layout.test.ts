import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { detectCgroupLayout, layoutOfMounts } from '../../../src/stats/cgroup/layout.ts';
import { parseMountinfo } from '../../../src/stats/cgroup/mountinfo.ts';

const v2 = '31 23 0:28 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw,nsdelegate';
const hybrid = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
38 31 0:35 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw`;

describe('layout by mounts', () => {
  it('takes every controller from the one mount of v2', () => {
    const layout = layoutOfMounts(parseMountinfo(v2));
    expect(layout.mode).toBe('v2');
    expect(layout.mounts.get('memory')).toMatchObject({ version: 2, directory: '/sys/fs/cgroup' });
    expect(layout.mounts.get('io')).toEqual(layout.unified);
  });

  it('takes each controller from its v1 mount, and what v1 lacks from v2', () => {
    const layout = layoutOfMounts(parseMountinfo(hybrid));
    expect(layout.mode).toBe('hybrid');
    const directories = Object.fromEntries(
      [...layout.mounts].map(([name, { version, directory }]) => [name, [version, directory]]),
    );
    expect(directories).toEqual({
      memory: [1, '/sys/fs/cgroup/memory'],
      cpu: [1, '/sys/fs/cgroup/cpu,cpuacct'],
      cpuacct: [1, '/sys/fs/cgroup/cpu,cpuacct'],
      pids: [2, '/sys/fs/cgroup/unified'],
      io: [1, '/sys/fs/cgroup/blkio'],
    });
  });

  it('is v1 without a v2 mount, and none without any', () => {
    const v1 = hybrid.split('\n').slice(0, -1).join('\n');
    expect(layoutOfMounts(parseMountinfo(v1)).mode).toBe('v1');
    expect(layoutOfMounts(parseMountinfo('')).mode).toBe('none');
  });

  it('prefers the mount that shows the whole hierarchy', () => {
    const narrow = '99 1 0:28 /docker/abc /mnt/narrow ro - cgroup2 cgroup2 rw';
    for (const lines of [`${narrow}\n${v2}`, `${v2}\n${narrow}`]) {
      expect(layoutOfMounts(parseMountinfo(lines)).unified?.directory).toBe('/sys/fs/cgroup');
    }
  });

  it('prefers the host’s mount to that of a cgroup namespace of ours', () => {
    const own = '50 1 0:28 / /sys/fs/cgroup ro - cgroup2 cgroup rw';
    const host = '60 1 0:28 /../../.. /host/sys/fs/cgroup ro - cgroup2 cgroup2 rw';
    const pod = '61 1 0:28 /.. /pod ro - cgroup2 cgroup2 rw';
    for (const lines of [
      [own, host, pod],
      [pod, host, own],
    ]) {
      const { unified } = layoutOfMounts(parseMountinfo(lines.join('\n')));
      expect(unified).toMatchObject({ directory: '/host/sys/fs/cgroup', root: '/../../..' });
    }
  });

  it('reads blanks that are escaped in mountinfo', () => {
    const [mount] = parseMountinfo(String.raw`1 2 8:1 / /mnt/my\040disk rw - ext4 /dev/sda1 rw`);
    expect(mount?.mountpoint).toBe('/mnt/my disk');
  });
});

describe('layout by folder', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'plimsoll-layout-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const detect = (): string =>
    detectCgroupLayout({ proc: '/nonexistent', sys: '/nonexistent', cgroup: root }).mode;

  it('knows v2 by its root file', () => {
    writeFileSync(join(root, 'cgroup.controllers'), 'memory\n');
    mkdirSync(join(root, 'memory'));
    expect(detect()).toBe('v2');
  });

  it('knows v1 by its folders, hybrid by the unified one among them', () => {
    mkdirSync(join(root, 'memory'));
    expect(detect()).toBe('v1');
    mkdirSync(join(root, 'unified'));
    expect(detect()).toBe('hybrid');
  });

  it('takes an empty folder for v2 that has yet to be filled', () => {
    expect(detect()).toBe('v2');
  });
});
