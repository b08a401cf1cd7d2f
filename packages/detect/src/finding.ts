import { createHash } from 'node:crypto';
import type { AlertEvidence } from '@plimsoll/model/api';

/** That a rule's condition holds for one subject (a container, a host, a filesystem) right now. */
export interface Finding {
  /** Stable for one rule and one subject: the same condition found again has the same one. */
  fingerprint: string;
  labels: Record<string, string>;
  value: number;
  threshold: number;
  unit: string;
  /** One line for people: what, of what, how much. */
  summary: string;
  description: string;
  evidence: AlertEvidence;
}

/**
 * 16 hexadecimal digits over the rule's name and the labels that say which subject it is. Labels
 * that may change while the subject stays the same (a container's name) are not to be given.
 */
export function fingerprint(rule: string, identity: Readonly<Record<string, string>>): string {
  const parts = Object.entries(identity).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([rule, parts]))
    .digest('hex')
    .slice(0, 16);
}

/** Evidence with nothing but what is given. */
export function evidenceOf(
  given: Pick<AlertEvidence, 'unit'> & Partial<AlertEvidence>,
): AlertEvidence {
  return {
    series: [],
    limit: null,
    slope_per_second: null,
    time_left_seconds: null,
    time_left_low_seconds: null,
    time_left_high_seconds: null,
    since: null,
    confidence: null,
    ...given,
  };
}
