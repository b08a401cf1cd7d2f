/** `/proc/<pid>` of a container's first process, as far as it is read. See proc(5). */
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerStatsValues } from '@plimsoll/model';
import type { SimulatedContainer } from '../simulation/container.ts';
import type { HostFolder } from './host-folder.ts';

export function makeProcess(folder: HostFolder, container: SimulatedContainer): void {
  const { plan, pid } = container;
  const directory = join(folder.proc, String(pid));
  mkdirSync(join(directory, 'fd'), { recursive: true });
  mkdirSync(join(directory, 'net'), { recursive: true });
  mkdirSync(join(directory, 'ns'), { recursive: true });
  writeFileSync(join(directory, 'cgroup'), `0::/docker/${plan.id}\n`);
  writeFileSync(join(directory, 'limits'), limits);
  rmSync(join(directory, 'ns/net'), { force: true });
  symlinkSync(`net:[${4_026_532_000 + pid}]`, join(directory, 'ns/net'));
}

export function removeProcess(folder: HostFolder, pid: number): void {
  rmSync(join(folder.proc, String(pid)), { recursive: true, force: true });
}

export function writeProcess(folder: HostFolder, container: SimulatedContainer): void {
  const directory = join(folder.proc, String(container.pid));
  const values = container.values();
  const value = (name: keyof ContainerStatsValues): number => Math.round(values[name] ?? 0);
  fillDescriptors(join(directory, 'fd'), value('file_descriptors'));
  const net = join(directory, 'net');
  writeFileSync(
    join(net, 'dev'),
    deviceTable('eth0', {
      receiveBytes: value('network_receive_bytes_total'),
      receivePackets: value('network_receive_packets_total'),
      transmitBytes: value('network_transmit_bytes_total'),
      transmitPackets: value('network_transmit_packets_total'),
    }),
  );
  writeFileSync(
    join(net, 'snmp'),
    `Tcp: RtoAlgorithm EstabResets CurrEstab RetransSegs\n` +
      `Tcp: 1 ${value('tcp_connection_resets_total')} ${value('tcp_sockets_in_use')} ${value('tcp_retransmitted_segments_total')}\n`,
  );
  writeFileSync(
    join(net, 'netstat'),
    `TcpExt: ListenOverflows ListenDrops TCPTimeouts\n` +
      `TcpExt: ${value('tcp_listen_overflows_total')} ${value('tcp_listen_drops_total')} ${value('tcp_timeouts_total')}\n`,
  );
  writeFileSync(
    join(net, 'sockstat'),
    `sockets: used ${value('sockets_in_use')}\n` +
      `TCP: inuse ${value('tcp_sockets_in_use')} orphan 0 tw ${value('tcp_sockets_time_wait')} alloc 0 mem 0\n` +
      `UDP: inuse ${value('udp_sockets_in_use')} mem 0\n`,
  );
}

export interface DeviceCounters {
  receiveBytes: number;
  receivePackets: number;
  transmitBytes: number;
  transmitPackets: number;
}

export function deviceTable(name: string, counters: DeviceCounters): string {
  const { receiveBytes, receivePackets, transmitBytes, transmitPackets } = counters;
  return (
    'Inter-|   Receive                                                |  Transmit\n' +
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n' +
    '    lo: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n' +
    `  ${name}: ${receiveBytes} ${receivePackets} 0 0 0 0 0 0 ${transmitBytes} ${transmitPackets} 0 0 0 0 0 0\n`
  );
}

/** An entry for each open descriptor: their number is what counts. */
function fillDescriptors(directory: string, wanted: number): void {
  const there = readdirSync(directory).length;
  for (let index = there; index < wanted; index++) {
    writeFileSync(join(directory, String(index)), '');
  }
  for (let index = there - 1; index >= wanted; index--) {
    rmSync(join(directory, String(index)), { force: true });
  }
}

const limits = `Limit                     Soft Limit           Hard Limit           Units     
Max processes             unlimited            unlimited            processes 
Max open files            1024                 4096                 files     
`;
