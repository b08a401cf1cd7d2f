import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@plimsoll/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InotifyUse } from '../../../src/stats/background/inotify-use.ts';
import { HostValues } from '../../../src/stats/host/host-values.ts';
import { KeptFiles } from '../../../src/stats/kept-files.ts';

let root = '';
let clock: ManualClock;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-inotify-'));
  clock = new ManualClock();
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function useOf(proc: string): { use: InotifyUse; values: () => number[] } {
  const use = new InotifyUse({ proc, files: new KeptFiles(), clock, intervalMs: 0 });
  return {
    use,
    values: () => {
      const host = new HostValues();
      use.writeTo(host);
      return [host.get('inotify_instances'), host.get('inotify_watches')];
    },
  };
}

/** A descriptor as `<pid>/<fd>`. */
function addDescriptor(at: string, link: string, watches = 0): void {
  const [pid = '', fd = ''] = at.split('/');
  mkdirSync(join(root, pid, 'fd'), { recursive: true });
  mkdirSync(join(root, pid, 'fdinfo'), { recursive: true });
  symlinkSync(link, join(root, pid, 'fd', fd));
  const lines = 'inotify wd:1 ino:1 sdev:1 mask:6 ignored_mask:0\n'.repeat(watches);
  writeFileSync(join(root, pid, 'fdinfo', fd), `pos:\t0\n${lines}`);
}

describe('use of inotify', () => {
  it('is the sum over the processes of a user', () => {
    addDescriptor('1/3', 'anon_inode:inotify', 2);
    addDescriptor('1/4', 'anon_inode:[eventpoll]', 9);
    addDescriptor('22/3', 'anon_inode:inotify', 5);
    addDescriptor('22/9', '/dev/null', 9);
    mkdirSync(join(root, '33'));
    mkdirSync(join(root, 'sys'));
    const { use, values } = useOf(root);
    expect(values()).toEqual([NaN, NaN]);
    while (use.step());
    expect(values()).toEqual([2, 7]);
  });

  it('is looked at every five minutes, and stands between', async () => {
    addDescriptor('1/3', 'anon_inode:inotify', 1);
    const { use, values } = useOf(root);
    while (use.step());
    addDescriptor('2/3', 'anon_inode:inotify', 1);
    await clock.advance(299_000);
    expect(use.step()).toBe(false);
    expect(values()).toEqual([1, 1]);
    await clock.advance(1000);
    while (use.step());
    expect(values()).toEqual([2, 2]);
  });

  it('counts an instance of this process', () => {
    const watcher = watch(root);
    const { use, values } = useOf('/proc');
    while (use.step());
    watcher.close();
    const [instances = 0, watches = 0] = values();
    expect(instances).toBeGreaterThanOrEqual(1);
    expect(watches).toBeGreaterThanOrEqual(1);
  });
});
