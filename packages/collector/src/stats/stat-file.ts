/**
 * One file of a control group: its name, and how its content becomes values. Made from a few
 * shapes that all of the kernel's files have. What is out of range is left out and counted, as
 * the raw number, before any unit is applied.
 */
import { type ContainerValues, placeOf, type ValueName } from './container-values.ts';
import { type Bytes, countLines, parseSingle } from './parse/bytes.ts';
import { type IoTotals, parseBlkio, parseIoStat, type ReadWrite } from './parse/io.ts';
import { compileKeys, type KeyTable, parseKeyed } from './parse/keyed.ts';
import { parsePressure, type Pressure } from './parse/pressure.ts';

export interface StatFile {
  readonly name: string;
  /** One id a line, handed out in pieces, so it is read until the end. */
  readonly isList: boolean;
  /** The kernel gives the same again to an open descriptor that was read within this time. */
  readonly freshAfterMs?: number;
  /**
   * Read in each scrape: it says whether anything happened, or changes without the container's
   * doing. Others stand still while its processor time, memory and number of tasks do.
   */
  readonly isAlwaysRead?: boolean;
  apply(bytes: Bytes, values: ContainerValues): void;
}

const microsecondsPerSecond = 1e6;
const ioTotals: IoTotals = { readBytes: 0, writeBytes: 0, reads: 0, writes: 0 };
const readWrite: ReadWrite = { read: 0, write: 0 };
const pressureTotals: Pressure = { waitingUs: NaN, stalledUs: NaN };

export function always(file: StatFile): StatFile {
  return { ...file, isAlwaysRead: true };
}

export function single(name: string, value: ValueName): StatFile {
  return scaled(name, value, 1);
}

export function scaled(name: string, value: ValueName, divisor: number): StatFile {
  const place = placeOf(value);
  return {
    name,
    isList: false,
    apply(bytes, values) {
      values.numbers[place] = values.checked(parseSingle(bytes)) / divisor;
    },
  };
}

/** Adds to a value that a file before it has set. */
export function added(name: string, value: ValueName): StatFile {
  const place = placeOf(value);
  return {
    name,
    isList: false,
    apply(bytes, values) {
      const before = values.numbers[place] ?? NaN;
      values.numbers[place] = before + values.checked(parseSingle(bytes));
    },
  };
}

export function lines(name: string, value: ValueName, freshAfterMs = 0): StatFile {
  const place = placeOf(value);
  return {
    name,
    isList: true,
    freshAfterMs,
    apply(bytes, values) {
      values.numbers[place] = countLines(bytes);
    },
  };
}

/** Where a key's value goes, and what it is divided by. */
type Into = ValueName | readonly [value: ValueName, divisor: number];

/** What follows from several keys: their numbers in the order in which they were named. */
export interface Derived<Key extends string> {
  readonly keys: readonly Key[];
  readonly apply: (numbers: Record<Key, number>, values: ContainerValues) => void;
}

/**
 * A keyed file; the places of its keys and values are looked up once, so that a scrape only
 * indexes.
 */
export function keyed<const Key extends string = never>(
  name: string,
  into: Readonly<Record<string, Into>>,
  derived?: Derived<Key>,
): StatFile {
  const keys = Object.keys(into);
  const extra: readonly Key[] = derived?.keys ?? [];
  const table: KeyTable = compileKeys([...keys, ...extra]);
  const out = new Float64Array(keys.length + extra.length);
  const targets = Object.values(into).map((target) => {
    const [value, divisor] = typeof target === 'string' ? [target, 1] : target;
    return { place: placeOf(value), divisor };
  });
  // Every key of it is written before it is read.
  const numbers = Object.fromEntries(extra.map((key) => [key, NaN])) as Record<Key, number>;
  return {
    name,
    isList: false,
    apply(bytes, values) {
      parseKeyed(bytes, table, out);
      for (let index = 0; index < targets.length; index++) {
        const target = targets[index];
        if (!target) continue;
        values.numbers[target.place] = values.checked(out[index] ?? NaN) / target.divisor;
      }
      if (!derived) return;
      for (let index = 0; index < extra.length; index++) {
        const key = extra[index];
        if (key !== undefined) numbers[key] = values.checked(out[keys.length + index] ?? NaN);
      }
      derived.apply(numbers, values);
    },
  };
}

export function blkio(name: string, into: readonly [read: ValueName, write: ValueName]): StatFile {
  const [readPlace, writePlace] = into.map((value) => placeOf(value));
  return {
    name,
    isList: false,
    apply(bytes, values) {
      parseBlkio(bytes, readWrite);
      values.numbers[readPlace ?? -1] = values.checked(readWrite.read);
      values.numbers[writePlace ?? -1] = values.checked(readWrite.write);
    },
  };
}

export function pressure(
  name: string,
  into: readonly [waiting: ValueName, stalled: ValueName],
): StatFile {
  const [waitingPlace, stalledPlace] = into.map((value) => placeOf(value));
  return {
    name,
    isList: false,
    apply(bytes, values) {
      parsePressure(bytes, pressureTotals);
      const { waitingUs, stalledUs } = pressureTotals;
      values.numbers[waitingPlace ?? -1] = values.checked(waitingUs) / microsecondsPerSecond;
      values.numbers[stalledPlace ?? -1] = values.checked(stalledUs) / microsecondsPerSecond;
    },
  };
}

export function ioStat(): StatFile {
  return {
    name: 'io.stat',
    isList: false,
    apply(bytes, values) {
      parseIoStat(bytes, ioTotals);
      values.set('io_read_bytes_total', values.checked(ioTotals.readBytes));
      values.set('io_write_bytes_total', values.checked(ioTotals.writeBytes));
      values.set('io_reads_total', values.checked(ioTotals.reads));
      values.set('io_writes_total', values.checked(ioTotals.writes));
    },
  };
}
