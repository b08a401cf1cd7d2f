/**
 * The arithmetic of docs/sizing.md. The document holds the measured constants; what follows from them
 * is computed here, printed into it by main.ts, and compared by a test.
 */

/** By the names of the document's first table. */
export type Constants = Readonly<Record<string, number>>;

export interface Fleet {
  hosts: number;
  /** Of the whole fleet. */
  containers: number;
}

/** `| name | value | unit | from |`: the table whose names are in backticks. */
export function readConstants(document: string): Constants {
  const rows = document.matchAll(/^\| `(\w+)` +\| ([\d.,]+) +\|/gm);
  return Object.fromEntries(
    [...rows].map(([, name = '', value = '']) => [name, Number(value.replaceAll(',', ''))]),
  );
}

const day = 86_400;

/** Names and values of what a fleet needs, in the order of the document. */
export function size(constants: Constants, { hosts, containers }: Fleet): [string, string][] {
  const of = (name: string): number => {
    const value = constants[name];
    if (value === undefined) throw new Error(`docs/sizing.md: expected the constant ${name}`);
    return value;
  };
  const lines = containers * of('lines_per_container');
  const peak = lines * of('peak_factor');
  const rows = (containers + hosts * of('rows_per_host')) / of('stats_interval_s');
  const perHost = lines / hosts;
  // A container that writes makes a chunk for each frame of its host, however few lines it has.
  const chunks =
    containers *
    Math.min(of('lines_per_container') * of('peak_factor'), 1 / of('chunk_interval_s'));
  const frames = (lines * of('line_bytes')) / of('wire_ratio') + rows * of('row_wire_bytes');
  const kafkaDisk = frames * day * of('kafka_retention_days') * of('kafka_replicas');
  const stored =
    lines * of('line_disk_bytes') * of('log_retention_days') +
    rows * of('row_disk_bytes') * of('row_retention_days');
  const clickhouseDisk = stored * day * of('clickhouse_replicas') * of('disk_headroom');
  const insertCores =
    (peak * of('insert_us_per_line') +
      chunks * of('insert_us_per_chunk') +
      rows * of('insert_us_per_row')) /
    1e6;
  const mergeCores = (lines * of('merge_us_per_line')) / 1e6;
  const clickhouseCores =
    (insertCores + mergeCores * of('clickhouse_replicas')) / of('utilisation');
  const ingestCores =
    (peak * of('ingest_us_per_line') + chunks * of('ingest_us_per_chunk')) /
    1e6 /
    of('utilisation');
  const replicas = Math.max(2, Math.ceil(ingestCores) + 1);
  const collectorCpu =
    (perHost * of('line_bytes')) / 1e6 / of('collector_mb_per_cpu_s') +
    ((containers / hosts) * of('collector_percent_per_100')) / 10_000;
  return [
    ['lines a second, average', count(lines)],
    ['lines a second, peak', count(peak)],
    ['lines a day', count(lines * day)],
    ['raw log bytes a second', bytes(lines * of('line_bytes'))],
    ['rows of statistics a second', count(rows)],
    ['collector: of a core, on each host', `${(collectorCpu * 100).toFixed(1)} %`],
    ['into Kafka a second', bytes(frames)],
    ['partitions of each topic', count(partitions(replicas))],
    ['Kafka disk, all replicas', bytes(kafkaDisk)],
    ['ingest replicas of one core', count(replicas)],
    ['ClickHouse disk, all replicas', bytes(clickhouseDisk)],
    ['ClickHouse cores, without queries', count(Math.max(1, Math.ceil(clickhouseCores)))],
  ];
}

/** Twice as many as share them today, in round numbers; never below what a topic gets by itself. */
function partitions(replicas: number): number {
  return [12, 24, 48, 96, 192, 384].find((some) => some >= 2 * replicas) ?? 768;
}

/** The worked table, without padding. */
export function worked(constants: Constants, fleets: readonly Fleet[]): string[][] {
  const columns = fleets.map((fleet) => size(constants, fleet));
  const heads = fleets.map(({ hosts, containers }) => `${count(hosts)} / ${count(containers)}`);
  const [first = []] = columns;
  return [
    ['hosts / containers', ...heads],
    ...first.map(([name], row) => [name, ...columns.map((column) => column[row]?.[1] ?? '')]),
  ];
}

export const fleets: readonly Fleet[] = [
  { hosts: 10, containers: 300 },
  { hosts: 1000, containers: 30_000 },
  { hosts: 10_000, containers: 300_000 },
];

/** Three digits that count; more would be a promise. */
function count(value: number): string {
  return value < 1000
    ? String(Math.round(value))
    : Number(value.toPrecision(3)).toLocaleString('en');
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${Number((value / 1000 ** power).toPrecision(3))} ${units[power]}`;
}
