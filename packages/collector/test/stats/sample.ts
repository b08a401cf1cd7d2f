import { containerStatsValues, type ContainerStatsValue } from '@plimsoll/model';
import { StatsSampler, type StatsSamplerOptions } from '../../src/stats/stats-sampler.ts';
import type { StatsRows } from '../../src/stats/rows.ts';
import type { Target } from '../../src/target.ts';

export type Row = Record<string, unknown>;

/** Rows of a batch as objects. */
export function rowsOf(batch: StatsRows): Row[] {
  return batch.bytes
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => {
      const values: unknown = JSON.parse(line);
      if (!Array.isArray(values)) throw new Error('expected an array per line');
      return Object.fromEntries(batch.columns.map((column, index) => [column, values[index]]));
    });
}

export interface Sampled {
  sampler: StatsSampler;
  tables: Map<string, Row[]>;
}

/** A sampler over given roots that collects what it gives. */
export function makeSampler(
  targets: () => readonly Target[],
  options: Partial<StatsSamplerOptions> = {},
): Sampled {
  const tables = new Map<string, Row[]>();
  const sampler = new StatsSampler({
    roots: { proc: '/nonexistent', sys: '/nonexistent', cgroup: '/nonexistent', host: '/' },
    tenant: 'default',
    host: 'host-1',
    intervalMs: 10_000,
    targets,
    runtimeRoot: () => '/',
    onRows: (rows) => {
      tables.set(rows.table, rowsOf(rows));
    },
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  return { sampler, tables };
}

/** Only the values of a container's row. */
export function valuesOf(row: Row | undefined): Partial<Record<ContainerStatsValue, unknown>> {
  return Object.fromEntries(
    Object.entries(row ?? {}).filter(([name]) => name in containerStatsValues),
  );
}
