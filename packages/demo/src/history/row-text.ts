/** Rows as JSONCompactEachRow text, as collectors write them: null is "not measured". */
import { containerStatsValues, hostStatsValues } from '@plimsoll/model';

/** `2026-01-31 23:59:59.123`: DateTime64(3) in UTC. */
export function dateTime(ms: number): string {
  const text = new Date(ms).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 23)}`;
}

/** Columns of a table of values, and a function that writes them in that order. */
export function valueWriter<Name extends string>(
  names: readonly Name[],
): (values: Readonly<Record<Name, number | null>>) => string {
  const isFraction = names.map((name) => /(_seconds_total|_cores|_seconds|^load\d+)$/.test(name));
  return (values) => {
    let text = '';
    for (let i = 0; i < names.length; i++) {
      const value = values[names[i] as Name];
      if (i > 0) text += ',';
      if (value === null) text += 'null';
      else
        text += isFraction[i] ? String(Math.round(value * 1e4) / 1e4) : String(Math.round(value));
    }
    return text;
  };
}

// The keys of these tables are their names.
export const containerValueNames = Object.keys(
  containerStatsValues,
) as (keyof typeof containerStatsValues)[];
export const hostValueNames = Object.keys(hostStatsValues) as (keyof typeof hostStatsValues)[];
