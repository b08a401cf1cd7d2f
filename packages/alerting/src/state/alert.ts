import type { Finding, RuleSeverity } from '@plimsoll/detect';
import type { AlertEvidence } from '@plimsoll/model/api';

/** `inactive`: was pending, and its condition went away before it fired. */
export type StoredAlertState = 'pending' | 'firing' | 'resolved' | 'inactive';

/** One condition of one subject, through one episode. Times are milliseconds since 1970. */
export interface Alert {
  rule: string;
  fingerprint: string;
  state: StoredAlertState;
  severity: RuleSeverity;
  summary: string;
  description: string;
  labels: Record<string, string>;
  value: number;
  threshold: number;
  unit: string;
  evidence: AlertEvidence;
  /** When the condition was first found, in this episode. */
  activeAt: number;
  firingAt: number | null;
  resolvedAt: number | null;
  /** Grows with every change, also when the wall clock is set back: the newest row wins. */
  updatedAt: number;
  /** How long the condition has held, by a clock that never steps. */
  heldMs: number;
  /** Evaluations in a row that did not find the condition. */
  cleanEvaluations: number;
}

export interface Transition {
  from: StoredAlertState;
  to: StoredAlertState;
  alert: Alert;
}

/** The parts of an alert that each finding brings anew. */
export function described(
  finding: Finding,
): Omit<
  Alert,
  | 'rule'
  | 'state'
  | 'severity'
  | 'activeAt'
  | 'firingAt'
  | 'resolvedAt'
  | 'updatedAt'
  | 'heldMs'
  | 'cleanEvaluations'
> {
  const { fingerprint, labels, value, threshold, unit, summary, description, evidence } = finding;
  return { fingerprint, labels, value, threshold, unit, summary, description, evidence };
}

export function isActive(alert: Alert): boolean {
  return alert.state === 'pending' || alert.state === 'firing';
}
