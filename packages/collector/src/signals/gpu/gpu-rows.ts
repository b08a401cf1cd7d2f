/** Rows of `gpu_stats` from one reading. */
import type { GpuStatsRow } from '@plimsoll/model';
import { formatTime } from '../../stats/rows.ts';
import type { GpuReading } from './parse-smi.ts';
import type { GpuUse } from './gpu-use.ts';

export const gpuColumns = [
  'time',
  'tenant',
  'host',
  'gpu',
  'uuid',
  'name',
  'driver',
  'utilization_percent',
  'memory_utilization_percent',
  'memory_total_bytes',
  'memory_used_bytes',
  'memory_unattributed_bytes',
  'processes',
  'temperature_celsius',
  'power_watts',
] as const satisfies readonly (keyof GpuStatsRow)[];

export interface GpuRowContext {
  tenant: string;
  host: string;
  timeMs: number;
}

export function gpuRow(
  reading: GpuReading,
  use: GpuUse | undefined,
  { tenant, host, timeMs }: GpuRowContext,
): GpuStatsRow {
  return {
    time: formatTime(timeMs),
    tenant,
    host,
    gpu: reading.gpu,
    uuid: reading.uuid,
    name: reading.name,
    driver: reading.driver,
    utilization_percent: wholeOf(reading.utilizationPercent),
    memory_utilization_percent: wholeOf(reading.memoryUtilizationPercent),
    memory_total_bytes: reading.memoryTotalBytes,
    memory_used_bytes: reading.memoryUsedBytes,
    memory_unattributed_bytes: use ? use.unattributedBytes(reading.uuid) : null,
    processes: use ? use.processes(reading.uuid) : null,
    temperature_celsius: wholeOf(reading.temperatureCelsius),
    power_watts: reading.powerWatts,
  };
}

function wholeOf(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}
