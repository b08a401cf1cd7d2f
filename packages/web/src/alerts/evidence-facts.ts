import type { AlertEvidence } from '@plimsoll/model/api';
import { quantityText } from '../format/quantity.ts';
import { shortTime } from '../format/time.ts';

/** Below these an amount per hour says less than the same per day. */
const perDayBelow: Record<AlertEvidence['unit'], number> = {
  bytes: 512 * 1024,
  count: 1,
  ratio: 0.01,
  seconds: 1,
  cores: 0.01,
};

/** Two moments of the same second are no course worth drawing. */
const shortestCourseMs = 20_000;

/** Whether a series covers enough time to be drawn as a line. */
export function hasCourse(evidence: AlertEvidence): boolean {
  const [first] = evidence.series;
  const last = evidence.series.at(-1);
  return first !== undefined && last !== undefined && last[0] - first[0] >= shortestCourseMs;
}

/** What stands below an evidence chart, most telling first: slope, beginning, confidence. */
export function evidenceFacts(evidence: AlertEvidence, now: number): string[] {
  const facts: string[] = [];
  if (evidence.slope_per_second !== null && evidence.slope_per_second !== 0)
    facts.push(slopeText(evidence.slope_per_second, evidence.unit));
  if (evidence.limit !== null && evidence.limit > 0)
    facts.push(`limit ${quantityText(evidence.limit, evidence.unit)}`);
  if (evidence.since !== null) facts.push(`since ${shortTime(evidence.since, now)}`);
  if (evidence.confidence !== null)
    facts.push(`confidence ${quantityText(evidence.confidence, 'ratio')}`);
  return facts;
}

export function slopeText(perSecond: number, unit: AlertEvidence['unit']): string {
  const perHour = Math.abs(perSecond) * 3600;
  const sign = perSecond < 0 ? '−' : '+';
  if (perHour < perDayBelow[unit]) return `${sign}${quantityText(perHour * 24, unit)} a day`;
  return `${sign}${quantityText(perHour, unit)} an hour`;
}
