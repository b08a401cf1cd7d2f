import { hostLabels } from '@plimsoll/model';
import type { Engine } from '@plimsoll/storage';

export const tenant = 'default';
/** A fixed "now": what is written is relative to it. */
export const nowMs = Date.UTC(2026, 0, 15, 12, 0, 0);

export function at(secondsAgo: number): string {
  return new Date(nowMs - secondsAgo * 1000).toISOString().replace('T', ' ').replace('Z', '');
}

type Row = Record<string, unknown>;

/** Labels of a container, by a short name. */
export function container(name: string, labels: Row = {}): Row {
  return {
    ...hostLabels(tenant, 'h1'),
    container_id: name.padEnd(64, '0'),
    container_name: name,
    image: `shop/${name}:1`,
    ...labels,
  };
}

export async function insertRows(engine: Engine, table: string, rows: Row[]): Promise<void> {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  for (let from = 0; from < rows.length; from += 50_000) {
    const part = rows.slice(from, from + 50_000);
    const data = part.map((row) => JSON.stringify(columns.map((name) => row[name] ?? null)));
    await engine.insert({
      table,
      columns,
      format: 'JSONCompactEachRow',
      data: Buffer.from(data.join('\n')),
    });
  }
}

export interface SampleShape {
  name: string;
  /** Seconds before now of the first and the last sample. */
  from: number;
  to?: number;
  step?: number;
  /** Seconds before now when the process began; default long before the first sample. */
  started?: number;
  labels?: Row;
  values: (secondsAgo: number) => Row;
}

/** Rows of container_stats for one container at regular times. */
export function samples(shape: SampleShape): Row[] {
  const { name, from, to = 5, step = 10, started = from + 100_000 } = shape;
  const rows: Row[] = [];
  for (let ago = from; ago >= to; ago -= step) {
    rows.push({
      ...container(name, shape.labels),
      time: at(ago),
      started_at: at(started),
      ...shape.values(ago),
    });
  }
  return rows;
}
