/**
 * Network values of a container from `/proc/<pid>/net`. Opened for each scrape and closed again:
 * a kept descriptor pins the network namespace after the container is gone, and goes on answering.
 *
 * `orphan` and `alloc` of sockstat are counted over the whole host, whatever the namespace
 * (net/ipv4/proc.c), so they are not a container's values and stay unknown.
 *
 * The kernel makes these files anew for each reader: `dev` and the two of sockstat cost some 10 µs
 * each, `snmp` 20 µs and `netstat` 40 µs, which is why those two belong to the slow tier.
 */
import { ContainerValues } from '../container-values.ts';
import type { DamagedFiles } from '../damaged-files.ts';
import type { KeptFile, KeptFiles } from '../kept-files.ts';
import type { Bytes } from '../parse/bytes.ts';
import {
  compileHeaderPair,
  parseHeaderPair,
  parseNetDev,
  zeroInterfaceTotals,
} from '../parse/network.ts';
import {
  parseSockstat,
  parseSockstat6,
  type SocketCounts6,
  unknownSockets,
} from '../parse/sockets.ts';

/** `net/snmp`, line pair `Tcp`. */
const tcpNames = compileHeaderPair('Tcp', ['RetransSegs', 'EstabResets', 'AttemptFails']);
/** `net/netstat`, line pair `TcpExt`. */
const tcpExtNames = compileHeaderPair('TcpExt', ['ListenOverflows', 'ListenDrops', 'TCPTimeouts']);

/** Scrapes in a row in which the network of a container that is still is not looked at. */
const mostLeft = 2;

const interfaces = zeroInterfaceTotals();
const tcp = new Float64Array(tcpNames.names.length);
const tcpExt = new Float64Array(tcpExtNames.names.length);
const sockets = unknownSockets();
const sockets6: SocketCounts6 = { tcpInUse: NaN, udpInUse: NaN };

export class ContainerNetwork {
  readonly #files: KeptFiles;
  readonly #damaged: DamagedFiles;
  readonly #directory: string;
  /** Never kept open: only remembers that the kernel has no IPv6. */
  readonly #sockstat6: KeptFile;
  /** Packets of all interfaces: at the last reading, and when the counters of TCP were read. */
  #packets = NaN;
  #packetsWhenCounted = NaN;
  readonly #counters = new ContainerValues();
  /** Interfaces and sockets as they were read last. */
  readonly #current = new ContainerValues();
  /** At the last reading nothing had run and no packet had come since the one before. */
  #isStill = false;
  /** Scrapes in a row in which they were not read. */
  #left = 0;

  /** @param directory `<proc>/<pid>` of a process in the namespace. */
  constructor(parts: { files: KeptFiles; damaged: DamagedFiles }, directory: string) {
    this.#files = parts.files;
    this.#damaged = parts.damaged;
    this.#directory = directory;
    this.#sockstat6 = parts.files.file(`${directory}/net/sockstat6`);
  }

  /**
   * Interfaces and numbers of sockets: each scrape.
   *
   * @param hasRun False when nothing ran that could have opened or closed a socket. Then, where no
   *   packet came either and none is on its way out (TIME_WAIT), their numbers are what they were.
   *   Packets that make nothing run (refused ones) are seen a few scrapes late.
   */
  read(values: ContainerValues, hasRun: boolean): void {
    const isLeft = !hasRun && this.#isStill && this.#left < mostLeft;
    this.#left = isLeft ? this.#left + 1 : 0;
    if (!isLeft) this.#readCurrent(hasRun);
    values.fillFrom(this.#current);
  }

  #readCurrent(hasRun: boolean): void {
    const current = this.#current;
    const dev = this.#files.readOnce(`${this.#directory}/net/dev`);
    // Without it the namespace is gone, or may not be looked at.
    if (!dev) {
      this.#isStill = false;
      current.clear();
      return;
    }
    parseNetDev(dev, 'without-loopback', interfaces);
    this.#isStill =
      !hasRun &&
      this.#packets === interfaces.anyPackets &&
      current.get('tcp_sockets_time_wait') === 0;
    this.#packets = interfaces.anyPackets;
    if (!this.#isStill) current.clear();
    const before = current.outOfRange;
    setInterfaces(current);
    this.#tell('net/dev', current.outOfRange - before);
    if (!this.#isStill) this.#readSockets(current);
  }

  /**
   * Counters of TCP: slow tier, after {@link read}. As long as no packet was sent or received, not
   * even within the namespace, they are what they were: an idle container costs nothing here.
   */
  readCounters(values: ContainerValues): void {
    if (this.#packets !== this.#packetsWhenCounted || Number.isNaN(this.#packets)) {
      this.#counters.clear();
      this.#apply('net/snmp', this.#counters, readSnmp);
      this.#apply('net/netstat', this.#counters, readNetstat);
      this.#packetsWhenCounted = this.#packets;
    }
    values.fillFrom(this.#counters);
  }

  #readSockets(values: ContainerValues): void {
    this.#apply('net/sockstat', values, readSockstat);
    const bytes =
      !this.#sockstat6.isAbsent && this.#files.readOnce(this.#sockstat6.path, this.#sockstat6);
    if (!bytes) return;
    const before = values.outOfRange;
    addSockstat6(bytes, values);
    this.#tell('net/sockstat6', values.outOfRange - before);
  }

  #apply(
    kind: string,
    values: ContainerValues,
    read: (bytes: Bytes, values: ContainerValues) => void,
  ): void {
    const bytes = this.#files.readOnce(`${this.#directory}/${kind}`);
    if (!bytes) return;
    const before = values.outOfRange;
    read(bytes, values);
    this.#tell(kind, values.outOfRange - before);
  }

  #tell(kind: string, count: number): void {
    if (count > 0) this.#damaged.add(kind, `${this.#directory}/${kind}`, count);
  }
}

function setInterfaces(values: ContainerValues): void {
  values.set('network_receive_bytes_total', values.checked(interfaces.receiveBytes));
  values.set('network_receive_packets_total', values.checked(interfaces.receivePackets));
  values.set('network_receive_errors_total', values.checked(interfaces.receiveErrors));
  values.set('network_receive_dropped_total', values.checked(interfaces.receiveDropped));
  values.set('network_transmit_bytes_total', values.checked(interfaces.transmitBytes));
  values.set('network_transmit_packets_total', values.checked(interfaces.transmitPackets));
  values.set('network_transmit_errors_total', values.checked(interfaces.transmitErrors));
  values.set('network_transmit_dropped_total', values.checked(interfaces.transmitDropped));
}

function readSnmp(bytes: Bytes, values: ContainerValues): void {
  parseHeaderPair(bytes, tcpNames, tcp);
  values.set('tcp_retransmitted_segments_total', values.checked(tcp[0] ?? NaN));
  values.set('tcp_connection_resets_total', values.checked(tcp[1] ?? NaN));
  values.set('tcp_connection_failures_total', values.checked(tcp[2] ?? NaN));
}

function readNetstat(bytes: Bytes, values: ContainerValues): void {
  parseHeaderPair(bytes, tcpExtNames, tcpExt);
  values.set('tcp_listen_overflows_total', values.checked(tcpExt[0] ?? NaN));
  values.set('tcp_listen_drops_total', values.checked(tcpExt[1] ?? NaN));
  values.set('tcp_timeouts_total', values.checked(tcpExt[2] ?? NaN));
}

function readSockstat(bytes: Bytes, values: ContainerValues): void {
  parseSockstat(bytes, sockets);
  values.set('sockets_in_use', values.checked(sockets.used));
  values.set('tcp_sockets_in_use', values.checked(sockets.tcpInUse));
  values.set('tcp_sockets_time_wait', values.checked(sockets.tcpTimeWait));
  values.set('udp_sockets_in_use', values.checked(sockets.udpInUse));
}

/** Sockets of IPv6 are counted apart, those of a server that listens for both among them. */
function addSockstat6(bytes: Bytes, values: ContainerValues): void {
  parseSockstat6(bytes, sockets6);
  const add = (name: 'tcp_sockets_in_use' | 'udp_sockets_in_use', count: number): void => {
    const known = values.checked(count);
    if (known > 0) values.set(name, values.get(name) + known);
  };
  add('tcp_sockets_in_use', sockets6.tcpInUse);
  add('udp_sockets_in_use', sockets6.udpInUse);
}
