/**
 * Output of nvidia-smi with `--format=csv,noheader,nounits`: one line per GPU or process, fields
 * with `, ` between and never quoted. What a GPU does not have reads `[N/A]`, `[Not Supported]`,
 * `[Unknown Error]`, … in place of the number: null. Only a name can hold a comma, and there is one
 * per line. Parsers never throw.
 */

export const gpuFields = [
  'index',
  'uuid',
  'name',
  'driver_version',
  'utilization.gpu',
  'utilization.memory',
  'memory.total',
  'memory.used',
  'temperature.gpu',
  'power.draw',
] as const;

export const processFields = ['pid', 'gpu_uuid', 'used_memory', 'process_name'] as const;

export interface GpuReading {
  gpu: number;
  uuid: string;
  name: string;
  driver: string;
  utilizationPercent: number | null;
  memoryUtilizationPercent: number | null;
  memoryTotalBytes: number | null;
  memoryUsedBytes: number | null;
  temperatureCelsius: number | null;
  powerWatts: number | null;
}

export interface GpuProcess {
  pid: number;
  uuid: string;
  /** Null where the driver does not say it. */
  memoryBytes: number | null;
  name: string;
}

export interface SmiTable<Row> {
  rows: Row[];
  /** What could not be taken in, for people; the first few. */
  problems: string[];
}

const mebibyte = 1024 * 1024;
/** 16 TiB; the largest GPUs have some 300 GiB. */
const maxMemoryBytes = 2 ** 44;
const maxRows = 10_000;
const maxProblems = 5;

export function parseGpus(text: string): SmiTable<GpuReading> {
  return parseLines(text, 'nvidia-smi --query-gpu', (line, report) => {
    const words = line.split(', ');
    const gpu = wholeNumber(words[0] ?? '');
    if (words.length < gpuFields.length || gpu === null) return undefined;
    const named = words.length - gpuFields.length + 3;
    const [driver = '', ...values] = words.slice(named);
    const number = (at: number, range: Range): number | null =>
      measure(values[at] ?? '', { ...range, field: gpuFields[at + 4] ?? '' }, report);
    return {
      gpu,
      uuid: words[1] ?? '',
      name: words.slice(2, named).join(', '),
      driver,
      utilizationPercent: number(0, percent),
      memoryUtilizationPercent: number(1, percent),
      memoryTotalBytes: number(2, memory),
      memoryUsedBytes: number(3, memory),
      temperatureCelsius: number(4, { least: -100, most: 300, unit: 1 }),
      powerWatts: number(5, { least: 0, most: 100_000, unit: 1 }),
    };
  });
}

export function parseProcesses(text: string): SmiTable<GpuProcess> {
  return parseLines(text, 'nvidia-smi --query-compute-apps', (line, report) => {
    const [pidText = '', uuid, memoryText, ...name] = line.split(', ');
    const pid = wholeNumber(pidText);
    if (pid === null || pid === 0 || uuid === undefined || memoryText === undefined) {
      return undefined;
    }
    const memoryBytes = measure(memoryText, { ...memory, field: 'used_memory' }, report);
    return { pid, uuid, memoryBytes, name: name.join(', ') };
  });
}

interface Range {
  least: number;
  most: number;
  /** What one of the number printed is worth. */
  unit: number;
}

const percent: Range = { least: 0, most: 100, unit: 1 };
const memory: Range = { least: 0, most: maxMemoryBytes, unit: mebibyte };

type Report = (problem: string) => void;

function parseLines<Row>(
  text: string,
  source: string,
  parse: (line: string, report: Report) => Row | undefined,
): SmiTable<Row> {
  const rows: Row[] = [];
  const problems: string[] = [];
  const report = (problem: string): void => {
    if (problems.length < maxProblems) problems.push(`${source}: ${problem}`);
  };
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '' || rows.length >= maxRows) continue;
    const row = parse(line.trim(), report);
    if (row === undefined) report(`expected comma-separated fields, got ${quote(line)}`);
    else rows.push(row);
  }
  return { rows, problems };
}

/** Null for a value that is not there; one that is out of range is reported as well. */
function measure(
  text: string,
  { least, most, unit, field }: Range & { field: string },
  report: Report,
): number | null {
  if (!/^-?\d{1,15}(?:\.\d{1,9})?$/.test(text)) return null;
  const value = Number(text) * unit;
  if (value >= least && value <= most) return unit === 1 ? value : Math.round(value);
  report(`${field}: expected ${least / unit} to ${most / unit}, got ${text}`);
  return null;
}

function wholeNumber(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
