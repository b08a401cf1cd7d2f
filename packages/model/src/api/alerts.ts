import type { SeriesPoint } from './shapes.ts';

export type AlertState = 'pending' | 'firing' | 'resolved';

/** What the page draws beside an alert: a small series, its limit, and for a leak its projection. */
export interface AlertEvidence {
  series: SeriesPoint[];
  unit: 'bytes' | 'ratio' | 'count' | 'seconds' | 'cores';
  limit: number | null;
  slope_per_second: number | null;
  time_left_seconds: number | null;
  time_left_low_seconds: number | null;
  time_left_high_seconds: number | null;
  /** Milliseconds since 1970 when the trend or breach began. */
  since: number | null;
  /** Robustness of a trend, 0…1; null for a plain threshold. */
  confidence: number | null;
}

export interface AlertEntry {
  /** Stable for one rule and one set of labels. */
  fingerprint: string;
  rule: string;
  state: AlertState;
  severity: 'info' | 'warning' | 'critical';
  /** `memory of checkout-7f is 94 % of its limit` */
  summary: string;
  description: string;
  labels: Record<string, string>;
  value: number;
  threshold: number;
  unit: string;
  active_at: number;
  firing_at: number | null;
  resolved_at: number | null;
  updated_at: number;
  evidence: AlertEvidence;
}

/** `GET /api/plimsoll/v1/alerts?state&rule&container_id&limit` */
export interface AlertList {
  items: AlertEntry[];
  rules: AlertRuleInfo[];
}

export interface AlertRuleInfo {
  name: string;
  title: string;
  /** What it looks at and when it fires, in a sentence. */
  description: string;
  severity: 'info' | 'warning' | 'critical';
  for_seconds: number;
  /** When it was last evaluated, how long that took, and why it failed if it did. */
  evaluated_at: number | null;
  evaluation_ms: number | null;
  error: string | null;
}
