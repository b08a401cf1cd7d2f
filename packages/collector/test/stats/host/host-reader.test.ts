import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWholeDisk, readDiskstats } from '../../../src/stats/host/disks.ts';
import { blockFilesystems } from '../../../src/stats/host/filesystems.ts';
import { HostValues } from '../../../src/stats/host/host-values.ts';
import { makeSampler, type Row } from '../sample.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-host-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

async function sampleHost(roots: { proc: string; sys: string; cgroup: string }): Promise<Row> {
  const { sampler, tables } = makeSampler(() => [], { roots: { ...roots, host: '/' } });
  await sampler.scrapeOnce();
  await sampler.stop();
  return tables.get('host_stats')?.[0] ?? {};
}

describe('host values', () => {
  it('come from the files of an injected tree', async () => {
    write({
      'proc/meminfo':
        'MemTotal:       24684084 kB\nMemFree: 100 kB\nMemAvailable: 200 kB\nCached: 5 kB\nSwapCached: 9 kB\nPercpu: 3 kB\nHugePages_Total: 0\n',
      'proc/stat':
        'cpu  48214 78 21257 365134 2083 7 348 504 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\ncpu1 1 2 3 4 5 6 7 8 0 0\nintr 12 0\nctxt 5556355\nbtime 1795406798\nprocesses 19369\nprocs_running 3\nprocs_blocked 1\nsoftirq 1 2\n',
      'proc/loadavg': '0.17 0.16 0.15 1/5600 9992\n',
      'proc/vmstat':
        'nr_free_pages 1\npgmajfault 5495\nallocstall_dma 1\nallocstall_normal 20\nallocstall_movable 300\ncompact_stall 6\noom_kill 8\n',
      'proc/cgroups':
        '#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t2\t7\t1\nmemory\t9\t59\t1\n',
      'proc/sys/net/ipv4/neigh/default/gc_thresh3': '1024\n',
      'proc/sys/fs/inotify/max_user_instances': '128\n',
      'proc/sys/fs/inotify/max_user_watches': '8192\n',
      'proc/pressure/irq': 'full avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n',
      'proc/net/sockstat6': 'TCP6: inuse 40\nUDP6: inuse 1\n',
      'proc/sys/fs/file-nr': '687\t0\t9223372036854775807\n',
      'proc/sys/kernel/pid_max': '4194304\n',
      'proc/sys/kernel/threads-max': '32768\n',
      'proc/sys/net/netfilter/nf_conntrack_count': '11\n',
      'proc/sys/net/netfilter/nf_conntrack_max': '262144\n',
      'proc/pressure/cpu':
        'some avg10=0.00 avg60=0.00 avg300=0.00 total=121393593\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
      'proc/pressure/io':
        'some avg10=0.00 avg60=0.00 avg300=0.00 total=2\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n',
      'proc/net/dev':
        'Inter-|\n face |\n    lo: 9 9 9 9 0 0 0 0 9 9 9 9 0 0 0 0\n  eth0: 100 1 2 3 0 0 0 0 200 1 4 5 0 0 0 0\n  veth1: 9 9 9 9 0 0 0 0 9 9 9 9 0 0 0 0\n',
      'proc/net/sockstat': 'sockets: used 38\nTCP: inuse 1 orphan 2 tw 3 alloc 4 mem 257\n',
      'proc/net/snmp': 'Tcp: InSegs RetransSegs\nTcp: 5 6\n',
      'proc/net/netstat': 'TcpExt: ListenOverflows ListenDrops\nTcpExt: 7 8\n',
      'proc/net/softnet_stat': '00000015 0000000a 0\n00004fdb 00000001 0\n',
      'proc/net/stat/nf_conntrack':
        'entries  clashres found insert_failed drop early_drop\n0000000b 0 0 00000002 00000010 00000001\n0000000b 0 0 00000001 00000001 00000000\n',
      'proc/net/arp': 'IP address       HW type\n192.0.2.1 0x1\n192.0.2.2 0x1\n',
      'cgroup/cgroup.controllers': 'memory\n',
      'cgroup/cgroup.stat': 'nr_descendants 6\nnr_dying_descendants 4\n',
    });
    const row = await sampleHost({
      proc: join(root, 'proc'),
      sys: join(root, 'sys'),
      cgroup: join(root, 'cgroup'),
    });
    expect(row).toMatchObject({
      memory_total_bytes: 24_684_084 * 1024,
      memory_cached_bytes: 5 * 1024,
      memory_percpu_bytes: 3 * 1024,
      swap_total_bytes: null,
      cpu_cores: 2,
      cpu_user_seconds_total: 482.14,
      cpu_iowait_seconds_total: 20.83,
      cpu_steal_seconds_total: 5.04,
      context_switches_total: 5_556_355,
      forks_total: 19_369,
      processes_running: 3,
      processes_blocked: 1,
      boot_time_seconds: 1_795_406_798,
      load1: 0.17,
      load15: 0.15,
      threads: 5600,
      threads_limit: 32_768,
      oom_kills_total: 8,
      major_page_faults_total: 5495,
      memory_allocation_stalls_total: 321,
      memory_compaction_stalls_total: 6,
      cgroups: 59,
      arp_entries_limit: 1024,
      inotify_instances_limit: 128,
      inotify_watches_limit: 8192,
      inotify_instances: null,
      irq_pressure_stalled_seconds_total: 2.5,
      file_descriptors: 687,
      file_descriptors_limit: 0,
      conntrack_entries: 11,
      conntrack_entries_limit: 262_144,
      conntrack_drops_total: 17,
      conntrack_insert_failures_total: 3,
      conntrack_early_drops_total: 1,
      cpu_pressure_waiting_seconds_total: 121.393593,
      memory_pressure_waiting_seconds_total: null,
      io_pressure_waiting_seconds_total: 0.000002,
      io_pressure_stalled_seconds_total: 0.000001,
      network_receive_bytes_total: 100,
      network_transmit_bytes_total: 200,
      network_receive_errors_total: 2,
      network_transmit_dropped_total: 5,
      tcp_sockets_in_use: 41,
      tcp_sockets_orphaned: 2,
      tcp_sockets_time_wait: 3,
      tcp_sockets_allocated: 4,
      tcp_retransmitted_segments_total: 6,
      tcp_listen_overflows_total: 7,
      tcp_listen_drops_total: 8,
      softnet_dropped_total: 11,
      arp_entries: 2,
      cgroup_dying_descendants: 4,
    });
  });

  it('are unknown, not zero, in an empty tree', async () => {
    const row = await sampleHost({ proc: root, sys: root, cgroup: '/nonexistent' });
    const known = Object.entries(row)
      .filter(([name, value]) => value !== null && !name.startsWith('docker_root'))
      .map(([name]) => name);
    expect(known).toEqual(['time', 'tenant', 'host', 'containers_running']);
  });

  it.skipIf(!existsSync('/proc/meminfo'))('agree with this kernel', async () => {
    const row = await sampleHost({ proc: '/proc', sys: '/sys', cgroup: 'auto' });
    const total = /^MemTotal:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    const space = statfsSync('/');
    expect(row).toMatchObject({
      memory_total_bytes: Number(total) * 1024,
      docker_root_size_bytes: space.blocks * space.bsize,
      docker_root_inodes: space.files,
    });
  });
});

describe('disks', () => {
  it('are whole devices: no partitions, loops, or devices made of other devices', () => {
    write({
      'block/sda/size': '1\n',
      'block/loop0/size': '1\n',
      'block/dm-0/slaves/sda/size': '1\n',
      'block/nvme0n1/slaves/.keep': '',
    });
    rmSync(join(root, 'block/nvme0n1/slaves/.keep'));
    const names = ['sda', 'sda1', 'loop0', 'dm-0', 'nvme0n1', 'nvme0n1p1'];
    expect(names.filter((name) => isWholeDisk(root, name))).toEqual(['sda', 'nvme0n1']);
  });

  it('are told by their names where /sys is not there', () => {
    const names = [
      'sda',
      'sda1',
      'vdb2',
      'nvme0n1',
      'nvme0n1p1',
      'mmcblk0p2',
      'dm-0',
      'md127',
      'ram0',
    ];
    expect(names.filter((name) => isWholeDisk('/nonexistent', name))).toEqual(['sda', 'nvme0n1']);
  });

  it('are summed, sectors of 512 bytes and milliseconds', () => {
    const values = new HostValues();
    const text =
      ' 254       0 vda 63619 15370 7424274 33554 14667 42432 6685800 34309 0 12536 69031\n   8       0 sda 1 0 2 0 3 0 4 0 0 500 0\n   8       1 sda1 9 9 9 9 9 9 9 9 9 9 9\nbroken\n';
    readDiskstats(text, (name) => name !== 'sda1', values);
    expect(values.get('disk_reads_total')).toBe(63_620);
    expect(values.get('disk_read_bytes_total')).toBe(7_424_276 * 512);
    expect(values.get('disk_writes_total')).toBe(14_670);
    expect(values.get('disk_write_bytes_total')).toBe(6_685_804 * 512);
    expect(values.get('disk_io_seconds_total')).toBe(13.036);
  });
});

describe('filesystems', () => {
  it('are those on devices, each once, by its widest and shortest mount', () => {
    const found = blockFilesystems(
      [
        '42 27 254:0 /tmp/data /tmp/data rw - ext4 /dev/vda rw',
        '27 1 254:0 / / rw - ext4 /dev/vda rw',
        '28 27 254:0 / /mnt/again rw - ext4 /dev/vda rw',
        '29 27 259:1 / /var/lib/docker rw - xfs /dev/nvme0n1p1 rw',
        '30 27 7:1 / /snap/core ro - squashfs /dev/loop1 ro',
        '31 27 0:39 / /merged rw - overlay overlay rw',
        '32 27 0:25 / /dev/shm rw - tmpfs tmpfs rw',
        'nonsense',
      ].join('\n'),
    );
    expect(found).toEqual([
      { mountpoint: '/', device: '/dev/vda', fstype: 'ext4' },
      { mountpoint: '/var/lib/docker', device: '/dev/nvme0n1p1', fstype: 'xfs' },
    ]);
  });

  it('become rows with their space', async () => {
    write({ 'proc/self/mountinfo': '27 1 254:0 / / rw - ext4 /dev/vda rw\n' });
    const { sampler, tables } = makeSampler(() => [], {
      roots: { proc: join(root, 'proc'), sys: root, cgroup: '/nonexistent', host: '/' },
    });
    await sampler.scrapeOnce();
    await sampler.stop();
    const [row] = tables.get('filesystem_stats') ?? [];
    expect(row).toMatchObject({ mountpoint: '/', device: '/dev/vda', fstype: 'ext4' });
    expect(row?.['size_bytes']).toBe(statfsSync('/').blocks * statfsSync('/').bsize);
  });
});
