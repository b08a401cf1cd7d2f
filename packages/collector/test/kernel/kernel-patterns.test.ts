import { describe, expect, it } from 'vitest';
import { kernelPatterns, matchKernelPattern } from '../../src/kernel/kernel-patterns.ts';

const cases = [
  [
    'pids_limit',
    'cgroup: fork rejected by pids controller in /docker/abc',
    'The pids limit of /docker/abc was reached: new processes and threads were refused.',
  ],
  [
    'network_device_leak',
    'unregister_netdevice: waiting for lo to become free. Usage count = 1',
    'Network device lo was not released: starting and stopping containers may hang.',
  ],
  [
    'hung_task',
    'INFO: task jbd2/vda-8:312 blocked for more than 120 seconds.',
    'Process jbd2/vda-8 (pid 312) was blocked in the kernel for more than 120 seconds.',
  ],
  [
    'soft_lockup',
    'watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [node:4711]',
    'Processor 3 was stuck in the kernel for 22s (soft lockup).',
  ],
  ['rcu_stall', 'rcu: INFO: rcu_preempt self-detected stall on CPU', undefined],
  ['rcu_stall', 'rcu: INFO: rcu_sched detected stalls on CPUs/tasks:', undefined],
  ['rcu_stall', 'INFO: rcu_sched self-detected stall on CPU { 3}', undefined],
  [
    'hard_lockup',
    'NMI watchdog: Watchdog detected hard LOCKUP on cpu 5',
    'Processor 5 was stuck in the kernel with interrupts off (hard lockup).',
  ],
  ['kernel_oops', 'BUG: kernel NULL pointer dereference, address: 0000000000000008', undefined],
  ['kernel_oops', 'Oops: 0000 [#1] PREEMPT SMP NOPTI', undefined],
  ['kernel_oops', 'kernel BUG at mm/slub.c:305!', undefined],
  ['oom_no_victim', 'Out of memory and no killable processes...', undefined],
  [
    'ext4_error',
    'EXT4-fs error (device vda): ext4_lookup:1855: inode #2: comm ls: deleted inode',
    'The ext4 filesystem on vda has an error: check it before it turns read-only.',
  ],
  ['xfs_error', 'XFS (sdb1): Metadata corruption detected at xfs_agf', undefined],
  ['xfs_error', 'XFS (dm-0): metadata I/O error in "xfs_trans_read_buf"', undefined],
  ['btrfs_error', 'BTRFS error (device sda2): bdev /dev/sda2 errs: wr 1', undefined],
  ['overlayfs_error', 'overlayfs: upperdir is in-use as upperdir/workdir', undefined],
  ['filesystem_read_only', 'EXT4-fs (vda): Remounting filesystem read-only', undefined],
  [
    'io_error',
    'I/O error, dev sdc, sector 2048 op 0x0:(READ) flags 0x0',
    'Device sdc failed to read or write.',
  ],
  ['io_error', 'blk_update_request: critical medium error, dev sda, sector 1', undefined],
  [
    'nvme_timeout',
    'nvme nvme0: I/O 12 QID 4 timeout, aborting',
    'Disk nvme0 did not answer in time.',
  ],
  [
    'nvme_timeout',
    'nvme nvme1: I/O tag 5 (1005) opcode 0x2 (I/O Cmd) QID 2 timeout, aborting req_op',
    undefined,
  ],
  ['conntrack_full', 'nf_conntrack: nf_conntrack: table full, dropping packet', undefined],
  ['conntrack_full', 'nf_conntrack: table full, dropping packet', undefined],
  ['tcp_memory', 'TCP: out of memory -- consider tuning tcp_mem', undefined],
  ['tcp_orphans', 'TCP: too many orphaned sockets', undefined],
  [
    'syn_flood',
    'TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:80. Sending cookies.',
    'The accept queue of port 0.0.0.0:80 overflowed: a flood of connections, or a slow server.',
  ],
  ['neighbour_overflow', 'neighbour: arp_cache: neighbor table overflow!', undefined],
  ['slab_exhausted', 'SLUB: Unable to allocate memory on node -1, gfp=0x20', undefined],
  [
    'page_allocation_failure',
    'kworker/0:1: page allocation failure: order:4, mode:0x40',
    undefined,
  ],
  [
    'segfault',
    'lb[4711]: segfault at 0 ip 0000000000401136 sp 00007ffd error 6 in lb[401000+1000]',
    'Process lb (pid 4711) crashed on a bad memory address.',
  ],
  ['protection_fault', 'traps: app[12] general protection fault ip:1 sp:2 error:0', undefined],
  ['hardware_error', 'mce: [Hardware Error]: Machine check events logged', undefined],
  ['nfs_timeout', 'nfs: server 192.0.2.9 not responding, still trying', undefined],
  ['gpu_error', 'NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.', undefined],
] as const;

describe('kernel patterns', () => {
  it.each(cases)('%s: %s', (name, text, sentence) => {
    const finding = matchKernelPattern(text);
    expect(finding?.pattern.name).toBe(name);
    expect(finding?.sentence).not.toMatch(/\$\d/);
    expect(finding?.sentence).toBe(sentence ?? finding?.sentence);
  });

  it('each have a case', () => {
    const tested = new Set<string>(cases.map(([name]) => name));
    expect(kernelPatterns.map(({ name }) => name).filter((name) => !tested.has(name))).toEqual([]);
  });

  it.each([
    'docker0: port 1(vethb2d9378) entered blocking state',
    'EXT4-fs (vda): mounted filesystem with ordered data mode',
    'audit: initializing netlink subsys (disabled)',
    'overlayfs: "xino" feature enabled using 2 upper inode bits.',
    'TCP: Hash tables configured (established 131072 bind 65536)',
    'nf_conntrack: default automatic helper assignment has been turned off',
    '',
  ])('say nothing of: %s', (text) => {
    expect(matchKernelPattern(text)).toBeUndefined();
  });

  it('take little time on the longest and most misleading text', () => {
    const before = process.cpuUsage();
    for (const text of ['XFS (a): '.repeat(900), 'overlayfs: '.repeat(700), 'task '.repeat(1600)]) {
      matchKernelPattern(text);
    }
    const { user } = process.cpuUsage(before);
    expect(user).toBeLessThan(500_000);
  });
});
