/** Reads all values of the host and of its filesystems. No descriptor is kept. */
import { join } from 'node:path';
import type { HostStatsValue } from '@plimsoll/model';
import type { CgroupLayout } from '../cgroup/layout.ts';
import type { KeptFiles } from '../kept-files.ts';
import { type Bytes, parseSingle } from '../parse/bytes.ts';
import { compileKeys, parseKeyed } from '../parse/keyed.ts';
import {
  compileHeaderPair,
  parseHeaderPair,
  parseNetDev,
  parseSockstat,
  type SocketCounts,
  zeroInterfaceTotals,
} from '../parse/network.ts';
import { parsePressure, type Pressure } from '../parse/pressure.ts';
import { isWholeDisk, readDiskstats } from './disks.ts';
import { blockFilesystems, type Filesystem, type FilesystemProbe } from './filesystems.ts';
import { HostValues } from './host-values.ts';
import {
  readArp,
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
  readonly layout: CgroupLayout;
  readonly proc: string;
  readonly sys: string;
  readonly probe: FilesystemProbe;
}

const tcpNames = compileHeaderPair('Tcp', ['RetransSegs']);
const tcpExtNames = compileHeaderPair('TcpExt', ['ListenOverflows', 'ListenDrops']);
const cgroupStat = compileKeys(['nr_dying_descendants']);

export class HostReader {
  readonly #options: HostReaderOptions;
  /** `/proc/net` is the reader's own namespace; pid 1's is the host's. */
  readonly #network: string;
  readonly #mountinfo: readonly string[];

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
    this.#readPressure(values);
    this.#readNetwork(values);
    this.#readDisks(values);
    this.#readDying(values);
    return values;
  }

  /** Fills the space of the filesystem that holds the container runtime's root. */
  async readRoot(path: string, values: HostValues): Promise<void> {
    const space = await this.#options.probe.space(path);
    if (!space) return;
    values.set('docker_root_size_bytes', space.sizeBytes);
    values.set('docker_root_available_bytes', space.availableBytes);
    values.set('docker_root_inodes', space.inodes);
    values.set('docker_root_inodes_free', space.inodesFree);
  }

  filesystems(): Filesystem[] {
    for (const path of this.#mountinfo) {
      const text = this.#text(path);
      if (text !== undefined) return blockFilesystems(text);
    }
    return [];
  }

  #readKernel(values: HostValues): void {
    this.#apply('meminfo', values, readMeminfo);
    this.#apply('stat', values, readStat);
    this.#apply('loadavg', values, readLoadavg);
    this.#apply('vmstat', values, readVmstat);
    this.#apply('sys/fs/file-nr', values, readFileNr);
    const pidMax = this.#number('sys/kernel/pid_max');
    const threadsMax = this.#number('sys/kernel/threads-max');
    values.set('threads_limit', Math.min(pidMax, threadsMax));
    values.set('conntrack_entries', this.#number('sys/net/netfilter/nf_conntrack_count'));
    values.set('conntrack_entries_limit', this.#number('sys/net/netfilter/nf_conntrack_max'));
  }

  #readPressure(values: HostValues): void {
    this.#pressure('cpu', values, 'cpu_pressure_waiting_seconds_total');
    this.#pressure('memory', values, 'memory_pressure_waiting_seconds_total');
    this.#pressure('io', values, 'io_pressure_waiting_seconds_total');
  }

  #pressure(name: 'cpu' | 'memory' | 'io', values: HostValues, waiting: HostStatsValue): void {
    const bytes = this.#bytes(join(this.#options.proc, 'pressure', name));
    if (!bytes) return;
    const totals: Pressure = { waitingUs: NaN, stalledUs: NaN };
    parsePressure(bytes, totals);
    values.set(waiting, totals.waitingUs / 1e6);
    // A whole host never stalls for cpu: the kernel writes 0 there, or nothing.
    if (name !== 'cpu') {
      values.set(`${name}_pressure_stalled_seconds_total`, totals.stalledUs / 1e6);
    }
  }

  #readNetwork(values: HostValues): void {
    const dev = this.#bytes(join(this.#network, 'dev'));
    if (dev) {
      const sums = zeroInterfaceTotals();
      parseNetDev(dev, 'without-loopback-and-veth', sums);
      values.set('network_receive_bytes_total', sums.receiveBytes);
      values.set('network_transmit_bytes_total', sums.transmitBytes);
      values.set('network_receive_errors_total', sums.receiveErrors);
      values.set('network_transmit_errors_total', sums.transmitErrors);
      values.set('network_receive_dropped_total', sums.receiveDropped);
      values.set('network_transmit_dropped_total', sums.transmitDropped);
    }
    this.#readTcp(values);
    this.#applyNetwork('softnet_stat', values, readSoftnet);
    this.#applyNetwork('stat/nf_conntrack', values, readConntrack);
    this.#applyNetwork('arp', values, readArp);
  }

  #readTcp(values: HostValues): void {
    const tcp = new Float64Array(tcpNames.names.length);
    const snmp = this.#bytes(join(this.#network, 'snmp'));
    if (snmp) {
      parseHeaderPair(snmp, tcpNames, tcp);
      values.set('tcp_retransmitted_segments_total', tcp[0] ?? NaN);
    }
    const tcpExt = new Float64Array(tcpExtNames.names.length);
    const netstat = this.#bytes(join(this.#network, 'netstat'));
    if (netstat) {
      parseHeaderPair(netstat, tcpExtNames, tcpExt);
      values.set('tcp_listen_overflows_total', tcpExt[0] ?? NaN);
      values.set('tcp_listen_drops_total', tcpExt[1] ?? NaN);
    }
    const sockstat = this.#bytes(join(this.#network, 'sockstat'));
    if (!sockstat) return;
    const sockets: SocketCounts = {
      used: NaN,
      tcpInUse: NaN,
      tcpOrphaned: NaN,
      tcpTimeWait: NaN,
      tcpAllocated: NaN,
      udpInUse: NaN,
    };
    parseSockstat(sockstat, sockets);
    values.set('tcp_sockets_in_use', sockets.tcpInUse);
    values.set('tcp_sockets_orphaned', sockets.tcpOrphaned);
    values.set('tcp_sockets_time_wait', sockets.tcpTimeWait);
    values.set('tcp_sockets_allocated', sockets.tcpAllocated);
  }

  #readDisks(values: HostValues): void {
    const text = this.#text(join(this.#options.proc, 'diskstats'));
    if (text === undefined) return;
    readDiskstats(text, (name) => isWholeDisk(this.#options.sys, name), values);
  }

  #readDying(values: HostValues): void {
    const { unified } = this.#options.layout;
    const bytes = unified && this.#bytes(join(unified.directory, 'cgroup.stat'));
    if (!bytes) return;
    const out = new Float64Array(1);
    parseKeyed(bytes, cgroupStat, out);
    values.set('cgroup_dying_descendants', out[0] ?? NaN);
  }

  #apply(name: string, values: HostValues, read: (bytes: Bytes, values: HostValues) => void): void {
    const bytes = this.#bytes(join(this.#options.proc, name));
    if (bytes) read(bytes, values);
  }

  #applyNetwork(
    name: string,
    values: HostValues,
    read: (bytes: Bytes, values: HostValues) => void,
  ): void {
    const bytes = this.#bytes(join(this.#network, name));
    if (bytes) read(bytes, values);
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
    return bytes && Buffer.from(bytes.data.subarray(0, bytes.length)).toString('utf8');
  }
}
