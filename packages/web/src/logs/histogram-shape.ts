import type { Severity } from '@plimsoll/model';
import type { LogHistogram } from '@plimsoll/model/api';
import { severityLooks } from './severity.ts';

export interface HistogramBand {
  tone: string;
  /** One SVG path of all this band's bars. */
  path: string;
}

export interface HistogramShape {
  bands: HistogramBand[];
  buckets: number;
  highest: number;
  totals: number[];
}

export const shapeWidth = 1000;
const minBar = 1;

/** Stacked bars, least severe at the bottom; a single error among a million lines stays visible. */
export function shapeHistogram(data: LogHistogram, height: number): HistogramShape {
  const buckets = Math.max(1, Math.ceil((data.to - data.from) / Math.max(data.step_ms, 1)));
  const totals = Array.from({ length: buckets }, (_, index) => bucketTotal(data, index));
  const highest = totals.reduce((most, total) => Math.max(most, total), 0);
  const paths = new Map<string, string>();
  const pitch = shapeWidth / buckets;
  const gap = Math.min(pitch * 0.22, 2.4);
  for (let index = 0; index < buckets; index += 1) {
    let base = height;
    for (const [tone, count] of tonesOf(data, index)) {
      if (count === 0 || highest === 0) continue;
      const bar = Math.max((count / highest) * (height - 2), minBar);
      const x = index * pitch + gap / 2;
      paths.set(
        tone,
        `${paths.get(tone) ?? ''}M${n(x)} ${n(base)}v${n(-bar)}h${n(pitch - gap)}v${n(bar)}z`,
      );
      base -= bar;
    }
  }
  return { bands: [...paths].map(([tone, path]) => ({ tone, path })), buckets, highest, totals };
}

export function countAt(data: LogHistogram, severity: Severity, index: number): number {
  return data.counts[severity]?.[index] ?? 0;
}

function bucketTotal(data: LogHistogram, index: number): number {
  return severityLooks.reduce((sum, look) => sum + countAt(data, look.severity, index), 0);
}

function tonesOf(data: LogHistogram, index: number): [string, number][] {
  const tones = new Map<string, number>();
  for (const look of severityLooks)
    tones.set(look.tone, (tones.get(look.tone) ?? 0) + countAt(data, look.severity, index));
  return [...tones];
}

function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}
