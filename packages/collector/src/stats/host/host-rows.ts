import type { TargetLabels } from '@plimsoll/model';
import { formatTime, jsonNumbers } from '../rows.ts';
import { hostStatsValueNames, type HostValues } from './host-values.ts';

export const hostStatsColumns: readonly string[] = [
  'time',
  'tenant',
  'host',
  ...hostStatsValueNames,
];

/** A row of host_stats as JSON. */
export function hostStatsLine(labels: TargetLabels, timeMs: number, values: HostValues): string {
  const head = [formatTime(timeMs), labels.tenant, labels.host].map((text) => JSON.stringify(text));
  return `[${head.join(',')},${jsonNumbers(values.numbers, hostStatsValueNames.length)}]`;
}
