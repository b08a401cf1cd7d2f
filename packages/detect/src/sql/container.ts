import { targetLabelNames } from '@plimsoll/model';

const labelNames = targetLabelNames.filter((name) => name !== 'tenant');
const carried = labelNames.filter((name) => name !== 'container_id');

/** Labels of a container as the rows of a statement grouped by `container_id` carry them. */
export type LabelRow = Partial<Record<(typeof labelNames)[number], string>>;

/** The labels of a row, as they are stored. */
export const rowLabels = carried.join(', ');

/** Labels in an inner query grouped by container (and more): one value per group, whichever. */
export const innerLabels = carried.map((name) => `any(${name}) AS l_${name}`).join(', ');

/** The same labels one level up, under their own names. */
export const outerLabels = carried.map((name) => `any(l_${name}) AS ${name}`).join(', ');

/** The labels that are known, without the empty ones. */
export function labelsOf(row: LabelRow): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const name of labelNames) {
    const value = row[name];
    if (value) labels[name] = value;
  }
  return labels;
}

/** Which container it is, whatever it is called now. */
export function containerIdentity(row: LabelRow): Record<string, string> {
  return { host: row.host ?? '', container_id: row.container_id ?? '' };
}

/** What people call it. */
export function containerTitle(row: LabelRow): string {
  return row.container_name || (row.container_id ?? '').slice(0, 12) || 'a container';
}
