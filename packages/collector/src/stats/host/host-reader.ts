/** Reads all values of the host and of its filesystems. No descriptor is kept. */
import { basename, join } from 'node:path';
import type { HostStatsValue } from '@plimsoll/model';
import type { Clock } from '@plimsoll/runtime';
import type { CgroupLayout } from '../cgroup/layout.ts';
import type { DamagedFiles } from '../damaged-files.ts';
import type { KeptFiles } from '../kept-files.ts';
import { type Bytes, parseSingle } from '../parse/bytes.ts';
import { compileKeys, parseKeyed } from '../parse/keyed.ts';
import {
  compileHeaderPair,
  parseHeaderPair,
  parseNetDev,
  zeroInterfaceTotals,
} from '../parse/network.ts';
import { parsePressure, type Pressure } from '../parse/pressure.ts';
import { parseSockstat, parseSockstat6, unknownSockets } from '../parse/sockets.ts';
import { isWholeDisk, readDiskstats } from './disks.ts';
import { blockFilesystems, type Filesystem, type FilesystemSpace } from './filesystems.ts';
import { HostValues } from './host-values.ts';
import {
  readArp,
  readCgroups,
  readConntrack,
  readFileNr,
  readLoadavg,
  readMeminfo,
  readSoftnet,
  readStat,
  readVmstat,
} from './kernel-files.ts';

export interface HostReaderOptions {
  readonly files: KeptFiles;
  readonly damaged: DamagedFiles;
  readonly layout: CgroupLayout;
  readonly clock: Clock;
  readonly proc: string;
  readonly sys: string;
  /** How often the list of mounts is read again: it is long where there are many containers. */
  readonly mountsIntervalMs: number;
}

type Read = (bytes: Bytes, values: HostValues) => void;

const tcpNames = compileHeaderPair('Tcp', ['RetransSegs']);
const tcpExtNames = compileHeaderPair('TcpExt', ['ListenOverflows', 'ListenDrops']);
const cgroupStat = compileKeys(['nr_dying_descendants']);

export class HostReader {
  readonly #options: HostReaderOptions;
  /** `/proc/net` is the reader's own namespace; pid 1's is the host's. */
  readonly #network: string;
  readonly #mountinfo: readonly string[];
  #filesystems: readonly Filesystem[] = [];
  #mountsDueAt = -Infinity;

  constructor(options: HostReaderOptions) {
    this.#options = options;
    const init = join(options.proc, '1');
    const isInitReadable = options.files.readOnce(join(init, 'net/dev')) !== undefined;
    this.#network = join(isInitReadable ? init : options.proc, 'net');
    this.#mountinfo = [join(init, 'mountinfo'), join(options.proc, 'self/mountinfo')];
  }

  /** All but what needs the containers or the filesystems. */
  read(): HostValues {
    const values = new HostValues();
    this.#readKernel(values);
    this.#readLimits(values);
    this.#readPressure(values);
    this.#readNetwork(values);
    this.#readDisks(values);
    const { unified } = this.#options.layout;
    if (unified) this.#apply(join(unified.directory, 'cgroup.stat'), values, readDying);
    return values;
  }

  /** Mounted filesystems with a device; as of the last look at the mounts. */
  filesystems(): readonly Filesystem[] {
    const now = this.#options.clock.monotonic();
    if (now < this.#mountsDueAt) return this.#filesystems;
    this.#mountsDueAt = now + this.#options.mountsIntervalMs;
    const text = this.#mountinfo.map((path) => this.#text(path)).find((found) => found);
    this.#filesystems = text === undefined ? [] : blockFilesystems(text);
    return this.#filesystems;
  }

  #readKernel(values: HostValues): void {
    this.#applyProc('meminfo', values, readMeminfo);
    this.#applyProc('stat', values, readStat);
    this.#applyProc('loadavg', values, readLoadavg);
    this.#applyProc('vmstat', values, readVmstat);
    this.#applyProc('sys/fs/file-nr', values, readFileNr);
    this.#applyProc('cgroups', values, readCgroups);
    this.#applyProc('sys/net/netfilter/nf_conntrack_count', values, into('conntrack_entries'));
  }

  #readLimits(values: HostValues): void {
    const pidMax = this.#number('sys/kernel/pid_max');
    const threadsMax = this.#number('sys/kernel/threads-max');
    values.set('threads_limit', Math.min(pidMax, threadsMax));
    const limits = {
      'sys/net/netfilter/nf_conntrack_max': 'conntrack_entries_limit',
      'sys/net/ipv4/neigh/default/gc_thresh3': 'arp_entries_limit',
      'sys/fs/inotify/max_user_instances': 'inotify_instances_limit',
      'sys/fs/inotify/max_user_watches': 'inotify_watches_limit',
    } as const;
    for (const [name, value] of Object.entries(limits)) {
      this.#applyProc(name, values, into(value));
    }
  }

  #readPressure(values: HostValues): void {
    this.#applyProc('pressure/cpu', values, (bytes) => {
      // A whole host never stalls for cpu: the kernel writes 0 there, or nothing.
      values.set('cpu_pressure_waiting_seconds_total', pressureOf(bytes).waiting);
    });
    for (const name of ['memory', 'io'] as const) {
      this.#applyProc(`pressure/${name}`, values, (bytes) => {
        const { waiting, stalled } = pressureOf(bytes);
        values.set(`${name}_pressure_waiting_seconds_total`, waiting);
        values.set(`${name}_pressure_stalled_seconds_total`, stalled);
      });
    }
    // Only `full`, and only where the kernel accounts for time in interrupts.
    this.#applyProc('pressure/irq', values, (bytes) => {
      values.set('irq_pressure_stalled_seconds_total', pressureOf(bytes).stalled);
    });
  }

  #readNetwork(values: HostValues): void {
    this.#applyNetwork('dev', values, readInterfaces);
    this.#applyNetwork('snmp', values, readSnmp);
    this.#applyNetwork('netstat', values, readNetstat);
    this.#applyNetwork('sockstat', values, readSockstat);
    this.#applyNetwork('sockstat6', values, addSockstat6);
    this.#applyNetwork('softnet_stat', values, readSoftnet);
    this.#applyNetwork('stat/nf_conntrack', values, readConntrack);
    this.#applyNetwork('arp', values, readArp);
  }

  #readDisks(values: HostValues): void {
    this.#applyProc('diskstats', values, (bytes) => {
      readDiskstats(textOf(bytes), (name) => isWholeDisk(this.#options.sys, name), values);
    });
  }

  #applyProc(name: string, values: HostValues, read: Read): void {
    this.#apply(join(this.#options.proc, name), values, read);
  }

  #applyNetwork(name: string, values: HostValues, read: Read): void {
    this.#apply(join(this.#network, name), values, read);
  }

  #apply(path: string, values: HostValues, read: Read): void {
    const bytes = this.#bytes(path);
    if (!bytes) return;
    const before = values.outOfRange;
    read(bytes, values);
    const count = values.outOfRange - before;
    if (count > 0) this.#options.damaged.add(`host ${basename(path)}`, path, count);
  }

  #number(name: string): number {
    const bytes = this.#bytes(join(this.#options.proc, name));
    return bytes ? parseSingle(bytes) : NaN;
  }

  #bytes(path: string): Bytes | undefined {
    return this.#options.files.readOnce(path);
  }

  #text(path: string): string | undefined {
    const bytes = this.#bytes(path);
    return bytes && textOf(bytes);
  }
}

/** Fills the space of the filesystem that holds the container runtime's root. */
export function setRootSpace(space: FilesystemSpace, values: HostValues): void {
  values.set('docker_root_size_bytes', space.sizeBytes);
  values.set('docker_root_available_bytes', space.availableBytes);
  values.set('docker_root_inodes', space.inodes);
  values.set('docker_root_inodes_free', space.inodesFree);
}

function into(value: HostStatsValue): Read {
  return (bytes, values) => {
    values.set(value, parseSingle(bytes));
  };
}

function pressureOf(bytes: Bytes): { waiting: number; stalled: number } {
  const totals: Pressure = { waitingUs: NaN, stalledUs: NaN };
  parsePressure(bytes, totals);
  return { waiting: totals.waitingUs / 1e6, stalled: totals.stalledUs / 1e6 };
}

function readDying(bytes: Bytes, values: HostValues): void {
  const out = new Float64Array(1);
  parseKeyed(bytes, cgroupStat, out);
  values.set('cgroup_dying_descendants', out[0] ?? NaN);
}

function readInterfaces(bytes: Bytes, values: HostValues): void {
  const sums = zeroInterfaceTotals();
  parseNetDev(bytes, 'without-loopback-and-veth', sums);
  values.set('network_receive_bytes_total', sums.receiveBytes);
  values.set('network_transmit_bytes_total', sums.transmitBytes);
  values.set('network_receive_errors_total', sums.receiveErrors);
  values.set('network_transmit_errors_total', sums.transmitErrors);
  values.set('network_receive_dropped_total', sums.receiveDropped);
  values.set('network_transmit_dropped_total', sums.transmitDropped);
}

function readSnmp(bytes: Bytes, values: HostValues): void {
  const tcp = new Float64Array(tcpNames.names.length);
  parseHeaderPair(bytes, tcpNames, tcp);
  values.set('tcp_retransmitted_segments_total', tcp[0] ?? NaN);
}

function readNetstat(bytes: Bytes, values: HostValues): void {
  const tcpExt = new Float64Array(tcpExtNames.names.length);
  parseHeaderPair(bytes, tcpExtNames, tcpExt);
  values.set('tcp_listen_overflows_total', tcpExt[0] ?? NaN);
  values.set('tcp_listen_drops_total', tcpExt[1] ?? NaN);
}

function readSockstat(bytes: Bytes, values: HostValues): void {
  const sockets = unknownSockets();
  parseSockstat(bytes, sockets);
  values.set('tcp_sockets_in_use', sockets.tcpInUse);
  values.set('tcp_sockets_orphaned', sockets.tcpOrphaned);
  values.set('tcp_sockets_time_wait', sockets.tcpTimeWait);
  values.set('tcp_sockets_allocated', sockets.tcpAllocated);
}

/** Sockets of IPv6 are counted apart. */
function addSockstat6(bytes: Bytes, values: HostValues): void {
  const sockets6 = { tcpInUse: NaN, udpInUse: NaN };
  parseSockstat6(bytes, sockets6);
  if (Number.isNaN(sockets6.tcpInUse)) return;
  values.set('tcp_sockets_in_use', values.get('tcp_sockets_in_use') + sockets6.tcpInUse);
}

function textOf(bytes: Bytes): string {
  return Buffer.from(bytes.data.subarray(0, bytes.length)).toString('utf8');
}
