/**
 * One file of a control group: its name, and how its content becomes values. Made from a few
 * shapes that all of the kernel's files have.
 */
import { slot, type ValueName, type Values } from './container-values.ts';
import { type Bytes, countLines, parseSingle } from './parse/bytes.ts';
import { type IoTotals, parseBlkio, parseIoStat, type ReadWrite } from './parse/io.ts';
import { compileKeys, type KeyTable, parseKeyed } from './parse/keyed.ts';
import { parsePressure, type Pressure } from './parse/pressure.ts';

export interface StatFile {
  readonly name: string;
  /** The kernel hands it out in pieces, so it is read until the end. */
  readonly isList: boolean;
  apply(bytes: Bytes, values: Values): void;
}

const microsecondsPerSecond = 1e6;
const ioTotals: IoTotals = { readBytes: 0, writeBytes: 0, reads: 0, writes: 0 };
const readWrite: ReadWrite = { read: 0, write: 0 };
const pressureTotals: Pressure = { waitingUs: NaN, stalledUs: NaN };

export function set(values: Values, name: ValueName, value: number): void {
  values[slot[name]] = value;
}

export function single(name: string, value: ValueName): StatFile {
  return scaled(name, value, 1);
}

export function scaled(name: string, value: ValueName, divisor: number): StatFile {
  const place = slot[value];
  return {
    name,
    isList: false,
    apply(bytes, values) {
      values[place] = parseSingle(bytes) / divisor;
    },
  };
}

export function lines(name: string, value: ValueName): StatFile {
  const place = slot[value];
  return {
    name,
    isList: true,
    apply(bytes, values) {
      values[place] = countLines(bytes);
    },
  };
}

type Apply<Key extends string> = (found: (key: Key) => number, values: Values) => void;

/** A keyed file; its keys are looked up by name once, so that a scrape only indexes. */
export function keyed<const Key extends string>(
  name: string,
  keys: readonly Key[],
): (apply: Apply<Key>) => StatFile {
  const table: KeyTable = compileKeys(keys);
  const out = new Float64Array(keys.length);
  const places = new Map(keys.map((key, index) => [key, index]));
  const found = (key: Key): number => out[places.get(key) ?? -1] ?? NaN;
  return (apply) => ({
    name,
    isList: false,
    apply(bytes, values) {
      parseKeyed(bytes, table, out);
      apply(found, values);
    },
  });
}

export function blkio(name: string, into: readonly [read: ValueName, write: ValueName]): StatFile {
  return {
    name,
    isList: false,
    apply(bytes, values) {
      parseBlkio(bytes, readWrite);
      set(values, into[0], readWrite.read);
      set(values, into[1], readWrite.write);
    },
  };
}

export function pressure(
  name: string,
  into: readonly [waiting: ValueName, stalled: ValueName],
): StatFile {
  return {
    name,
    isList: false,
    apply(bytes, values) {
      parsePressure(bytes, pressureTotals);
      set(values, into[0], pressureTotals.waitingUs / microsecondsPerSecond);
      set(values, into[1], pressureTotals.stalledUs / microsecondsPerSecond);
    },
  };
}

export function ioStat(): StatFile {
  return {
    name: 'io.stat',
    isList: false,
    apply(bytes, values) {
      parseIoStat(bytes, ioTotals);
      set(values, 'io_read_bytes_total', ioTotals.readBytes);
      set(values, 'io_write_bytes_total', ioTotals.writeBytes);
      set(values, 'io_reads_total', ioTotals.reads);
      set(values, 'io_writes_total', ioTotals.writes);
    },
  };
}
