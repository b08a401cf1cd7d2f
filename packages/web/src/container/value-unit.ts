import type { Unit } from '../format/quantity.ts';

/** The unit of a sample's value by the end of its name: units last is the naming rule. */
export function unitOfValue(name: string): Unit {
  const base = name.endsWith('_total') ? name.slice(0, -'_total'.length) : name;
  return unitEnds.find(([end]) => base.endsWith(end))?.[1] ?? 'count';
}

/** Longer ends first. */
const unitEnds: readonly (readonly [string, Unit])[] = [
  ['_bytes_per_second', 'bytes_per_second'],
  ['_per_second', 'count_per_second'],
  ['_bytes', 'bytes'],
  ['_ratio', 'ratio'],
  ['_seconds', 'seconds'],
  ['_cores', 'cores'],
];

/** `memory_oom_kills_total` → `memory oom kills` */
export function titleOfValue(name: string): string {
  return name
    .replace(/_(total|bytes|seconds|cores|ratio)$/, '')
    .replace(/_(bytes|seconds)$/, '')
    .replaceAll('_', ' ');
}
