/** Files of `/proc/<pid>/net`: dev, snmp, netstat. See proc_pid_net(5). */
import { type Bytes, newline, nextLine, parseNumber, skipBlanks, skipWord } from './bytes.ts';

const colon = 0x3a;

/** Columns of `net/dev` that are summed, in the order of the file. */
export interface InterfaceTotals {
  receiveBytes: number;
  receivePackets: number;
  receiveErrors: number;
  receiveDropped: number;
  transmitBytes: number;
  transmitPackets: number;
  transmitErrors: number;
  transmitDropped: number;
  /** Packets of all interfaces in both directions, also of those left out of the other sums. */
  anyPackets: number;
}

export function zeroInterfaceTotals(): InterfaceTotals {
  return {
    receiveBytes: 0,
    receivePackets: 0,
    receiveErrors: 0,
    receiveDropped: 0,
    transmitBytes: 0,
    transmitPackets: 0,
    transmitErrors: 0,
    transmitDropped: 0,
    anyPackets: 0,
  };
}

/** What is left out of the sum: the loopback interface, or that and veth ends on a host. */
export type InterfaceFilter = 'without-loopback' | 'without-loopback-and-veth';

const fields = new Float64Array(16);

/** Sums the interfaces; a device line is `  eth0: 859195539 20420 …` with 16 numbers. */
export function parseNetDev(bytes: Bytes, filter: InterfaceFilter, out: InterfaceTotals): void {
  Object.assign(out, zeroInterfaceTotals());
  for (let at = 0; at < bytes.length; at = nextLine(bytes, at)) {
    const start = skipBlanks(bytes, at);
    const end = bytes.data.indexOf(colon, start);
    if (end < 0 || end >= nextLine(bytes, at)) continue;
    if (!readFields(bytes, end + 1)) continue;
    out.anyPackets += (fields[1] ?? 0) + (fields[9] ?? 0);
    if (isLeftOut(bytes.data.subarray(start, end), filter)) continue;
    out.receiveBytes += fields[0] ?? 0;
    out.receivePackets += fields[1] ?? 0;
    out.receiveErrors += fields[2] ?? 0;
    out.receiveDropped += fields[3] ?? 0;
    out.transmitBytes += fields[8] ?? 0;
    out.transmitPackets += fields[9] ?? 0;
    out.transmitErrors += fields[10] ?? 0;
    out.transmitDropped += fields[11] ?? 0;
  }
}

function isLeftOut(name: Uint8Array, filter: InterfaceFilter): boolean {
  const [a, b, c, d] = name;
  if (name.length === 2 && a === 0x6c && b === 0x6f) return true;
  const isVeth = a === 0x76 && b === 0x65 && c === 0x74 && d === 0x68;
  return isVeth && filter === 'without-loopback-and-veth';
}

function readFields(bytes: Bytes, from: number): boolean {
  let at = from;
  for (let index = 0; index < fields.length; index++) {
    at = skipBlanks(bytes, at);
    const value = parseNumber(bytes, at);
    if (!Number.isFinite(value)) return false;
    fields[index] = value;
    at = skipWord(bytes, at);
  }
  return true;
}

/** Names wanted from one `Prefix:` pair of lines of `net/snmp` or `net/netstat`. */
export interface HeaderPair {
  readonly prefix: Uint8Array;
  readonly names: readonly Uint8Array[];
}

export function compileHeaderPair(prefix: string, names: readonly string[]): HeaderPair {
  return {
    prefix: Buffer.from(`${prefix}:`, 'latin1'),
    names: names.map((name) => Buffer.from(name, 'latin1')),
  };
}

/**
 * `TcpExt: SyncookiesSent …` is followed by a line of numbers in the same order. Walks both lines
 * side by side; fills `out` in the order of the names, `NaN` for one that this kernel has not.
 */
export function parseHeaderPair(bytes: Bytes, pair: HeaderPair, out: Float64Array): void {
  out.fill(NaN);
  for (let at = 0; at < bytes.length;) {
    const next = nextLine(bytes, at);
    if (!isAt(bytes, at, pair.prefix)) {
      at = next;
      continue;
    }
    if (!isAt(bytes, next, pair.prefix)) return;
    walkPair(bytes, { name: at, value: next }, { pair, out });
    return;
  }
}

function walkPair(
  bytes: Bytes,
  from: { name: number; value: number },
  into: { pair: HeaderPair; out: Float64Array },
): void {
  let name = skipBlanks(bytes, skipWord(bytes, from.name));
  let value = skipBlanks(bytes, skipWord(bytes, from.value));
  let missing = into.pair.names.length;
  while (missing > 0 && name < bytes.length && bytes.data[name] !== newline) {
    if (value >= bytes.length) return;
    const end = skipWord(bytes, name);
    for (const [index, wanted] of into.pair.names.entries()) {
      if (wanted.length !== end - name || !isAt(bytes, name, wanted)) continue;
      into.out[index] = parseNumber(bytes, value);
      missing--;
    }
    name = skipBlanks(bytes, end);
    value = skipBlanks(bytes, skipWord(bytes, value));
  }
}

/** True when the bytes at `from` begin with `wanted`. */
export function isAt(bytes: Bytes, from: number, wanted: Uint8Array): boolean {
  if (from + wanted.length > bytes.length) return false;
  for (let at = 0; at < wanted.length; at++) {
    if (bytes.data[from + at] !== wanted[at]) return false;
  }
  return true;
}
