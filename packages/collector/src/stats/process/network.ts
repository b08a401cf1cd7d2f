/**
 * Network values of a container from `/proc/<pid>/net`. Opened for each scrape and closed again:
 * a kept descriptor pins the network namespace after the container is gone, and goes on answering.
 *
 * `orphan` and `alloc` of sockstat are counted over the whole host, whatever the namespace
 * (net/ipv4/proc.c), so they are not a container's values and stay unknown.
 */
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { set } from '../stat-file.ts';
import type { Values } from '../container-values.ts';
import type { KeptFiles } from '../kept-files.ts';
import {
  compileHeaderPair,
  parseHeaderPair,
  parseNetDev,
  parseSockstat,
  type SocketCounts,
  zeroInterfaceTotals,
} from '../parse/network.ts';

/** `net/snmp`, line pair `Tcp`. */
const tcpNames = compileHeaderPair('Tcp', ['RetransSegs', 'EstabResets']);
/** `net/netstat`, line pair `TcpExt`. */
const tcpExtNames = compileHeaderPair('TcpExt', ['ListenOverflows', 'ListenDrops', 'TCPTimeouts']);

const interfaces = zeroInterfaceTotals();
const tcp = new Float64Array(tcpNames.names.length);
const tcpExt = new Float64Array(tcpExtNames.names.length);
const sockets: SocketCounts = {
  used: NaN,
  tcpInUse: NaN,
  tcpOrphaned: NaN,
  tcpTimeWait: NaN,
  tcpAllocated: NaN,
  udpInUse: NaN,
};

/** Fills the network values of the namespace of the process at `directory` (`<proc>/<pid>`). */
export function readContainerNetwork(files: KeptFiles, directory: string, values: Values): void {
  const dev = files.readOnce(`${directory}/net/dev`);
  if (!dev) return;
  parseNetDev(dev, 'without-loopback', interfaces);
  set(values, 'network_receive_bytes_total', interfaces.receiveBytes);
  set(values, 'network_receive_packets_total', interfaces.receivePackets);
  set(values, 'network_receive_errors_total', interfaces.receiveErrors);
  set(values, 'network_receive_dropped_total', interfaces.receiveDropped);
  set(values, 'network_transmit_bytes_total', interfaces.transmitBytes);
  set(values, 'network_transmit_packets_total', interfaces.transmitPackets);
  set(values, 'network_transmit_errors_total', interfaces.transmitErrors);
  set(values, 'network_transmit_dropped_total', interfaces.transmitDropped);
  readTcp(files, directory, values);
  readSockets(files, directory, values);
}

function readTcp(files: KeptFiles, directory: string, values: Values): void {
  const snmp = files.readOnce(`${directory}/net/snmp`);
  if (snmp) {
    parseHeaderPair(snmp, tcpNames, tcp);
    set(values, 'tcp_retransmitted_segments_total', tcp[0] ?? NaN);
    set(values, 'tcp_connection_resets_total', tcp[1] ?? NaN);
  }
  const netstat = files.readOnce(`${directory}/net/netstat`);
  if (netstat) {
    parseHeaderPair(netstat, tcpExtNames, tcpExt);
    set(values, 'tcp_listen_overflows_total', tcpExt[0] ?? NaN);
    set(values, 'tcp_listen_drops_total', tcpExt[1] ?? NaN);
    set(values, 'tcp_timeouts_total', tcpExt[2] ?? NaN);
  }
}

function readSockets(files: KeptFiles, directory: string, values: Values): void {
  const sockstat = files.readOnce(`${directory}/net/sockstat`);
  if (!sockstat) return;
  parseSockstat(sockstat, sockets);
  set(values, 'sockets_in_use', sockets.used);
  set(values, 'tcp_sockets_in_use', sockets.tcpInUse);
  set(values, 'tcp_sockets_time_wait', sockets.tcpTimeWait);
  set(values, 'udp_sockets_in_use', sockets.udpInUse);
}

/**
 * True when the process shares the host's network namespace: its counters are the host's then, and
 * would be counted once more for each such container. The host is pid 1 of this proc, or ourselves
 * where pid 1 may not be looked at.
 */
export function isOnHostNetwork(proc: string, pid: number): boolean {
  const own = namespaceOf(join(proc, String(pid)));
  if (own === undefined) return false;
  return own === (namespaceOf(join(proc, '1')) ?? namespaceOf(join(proc, 'self')));
}

function namespaceOf(directory: string): string | undefined {
  try {
    return readlinkSync(join(directory, 'ns/net'));
  } catch {
    return undefined;
  }
}
