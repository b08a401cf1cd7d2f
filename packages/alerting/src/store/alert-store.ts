import type { Rule, RuleSeverity } from '@plimsoll/detect';
import { evidenceOf } from '@plimsoll/detect';
import type { AlertEvidence } from '@plimsoll/model/api';
import type { Engine } from '@plimsoll/storage';
import type { Alert, StoredAlertState, Transition } from '../state/alert.ts';
import { fromMilliseconds, toDateTime } from './time.ts';

/** What became of a rule the last time it was evaluated. */
export interface RuleStatus {
  rule: Rule;
  evaluatedAt: number;
  evaluationMs: number;
  /** Null when all was well. */
  error: string | null;
}

/** Alerts restored at most; a fleet with more has one cause, and they would not be read. */
const maxRestored = 100_000;
const recentlyResolvedMs = 86_400_000;

/** Reads and writes the tables alerts, alert_transitions and alert_rule_status. */
export class AlertStore {
  readonly #engine: Engine;
  readonly #tenant: string;

  constructor(engine: Engine, tenant: string) {
    this.#engine = engine;
    this.#tenant = tenant;
  }

  /** Alerts that are pending or firing, and those resolved within the last day. */
  async restore(nowMs: number, signal?: AbortSignal): Promise<Alert[]> {
    const rows = await this.#engine.select<StoredRow>(restoreSql, {
      params: { tenant: this.#tenant, since: Math.trunc(nowMs - recentlyResolvedMs) },
      maxRows: maxRestored,
      ...(signal ? { signal } : {}),
    });
    return rows.map(alertOf);
  }

  async saveAlerts(alerts: readonly Alert[], signal?: AbortSignal): Promise<void> {
    await this.#insert('alerts', alertColumns, {
      rows: alerts.map((alert) => [
        this.#tenant,
        alert.rule,
        alert.fingerprint,
        alert.state,
        alert.severity,
        alert.summary,
        alert.description,
        alert.labels,
        finite(alert.value),
        alert.threshold,
        alert.unit,
        JSON.stringify(alert.evidence),
        toDateTime(alert.activeAt),
        toDateTime(alert.firingAt),
        toDateTime(alert.resolvedAt),
        toDateTime(alert.updatedAt),
      ]),
      signal,
    });
  }

  async saveTransitions(transitions: readonly Transition[], signal?: AbortSignal): Promise<void> {
    await this.#insert('alert_transitions', transitionColumns, {
      rows: transitions.map(({ from, to, alert }) => [
        toDateTime(alert.updatedAt),
        this.#tenant,
        alert.rule,
        alert.fingerprint,
        from,
        to,
        alert.labels,
        finite(alert.value),
        alert.summary,
      ]),
      signal,
    });
  }

  async saveRuleStatus(statuses: readonly RuleStatus[], signal?: AbortSignal): Promise<void> {
    await this.#insert('alert_rule_status', statusColumns, {
      rows: statuses.map(({ rule, evaluatedAt, evaluationMs, error }) => [
        this.#tenant,
        rule.name,
        rule.title,
        rule.description,
        rule.severity,
        rule.forMs / 1000,
        toDateTime(evaluatedAt),
        evaluationMs,
        error ?? '',
      ]),
      signal,
    });
  }

  async #insert(
    table: string,
    columns: readonly string[],
    { rows, signal }: { rows: readonly unknown[][]; signal: AbortSignal | undefined },
  ): Promise<void> {
    if (rows.length === 0) return;
    await this.#engine.insert({
      table,
      columns,
      format: 'JSONCompactEachRow',
      data: Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n')),
      ...(signal ? { signal } : {}),
    });
  }
}

const alertColumns = [
  'tenant',
  'rule',
  'fingerprint',
  'state',
  'severity',
  'summary',
  'description',
  'labels',
  'value',
  'threshold',
  'unit',
  'evidence',
  'active_at',
  'firing_at',
  'resolved_at',
  'updated_at',
];

const transitionColumns = [
  'time',
  'tenant',
  'rule',
  'fingerprint',
  'from_state',
  'to_state',
  'labels',
  'value',
  'summary',
];

const statusColumns = [
  'tenant',
  'rule',
  'title',
  'description',
  'severity',
  'for_seconds',
  'evaluated_at',
  'evaluation_ms',
  'error',
];

interface StoredRow {
  rule: string;
  fingerprint: string;
  state: string;
  severity: string;
  summary: string;
  description: string;
  labels: Record<string, string>;
  value: number;
  threshold: number;
  unit: string;
  evidence: string;
  active_ms: number;
  firing_ms: number;
  resolved_ms: number;
  updated_ms: number;
}

const restoreSql = `
SELECT
  rule, fingerprint, state, severity, summary, description, labels,
  toFloat64(value) AS value, toFloat64(threshold) AS threshold, unit, evidence,
  toFloat64(toUnixTimestamp64Milli(active_at)) AS active_ms,
  toFloat64(toUnixTimestamp64Milli(firing_at)) AS firing_ms,
  toFloat64(toUnixTimestamp64Milli(resolved_at)) AS resolved_ms,
  toFloat64(toUnixTimestamp64Milli(updated_at)) AS updated_ms
FROM alerts FINAL
WHERE tenant = {tenant:String}
  AND (state IN ('pending', 'firing')
    OR (state = 'resolved' AND resolved_at > fromUnixTimestamp64Milli({since:Int64}, 'UTC')))
ORDER BY rule, fingerprint`;

function alertOf(row: StoredRow): Alert {
  const state: StoredAlertState =
    row.state === 'firing' || row.state === 'pending' ? row.state : 'resolved';
  const severity: RuleSeverity =
    row.severity === 'critical' || row.severity === 'info' ? row.severity : 'warning';
  return {
    rule: row.rule,
    fingerprint: row.fingerprint,
    state,
    severity,
    summary: row.summary,
    description: row.description,
    labels: row.labels,
    value: row.value,
    threshold: row.threshold,
    unit: row.unit,
    evidence: parseEvidence(row.evidence),
    activeAt: row.active_ms,
    firingAt: fromMilliseconds(row.firing_ms),
    resolvedAt: fromMilliseconds(row.resolved_ms),
    updatedAt: row.updated_ms,
    // By the wall clock of the process before: the best there is, and never below zero.
    heldMs: Math.max(0, row.updated_ms - row.active_ms),
    cleanEvaluations: 0,
  };
}

function parseEvidence(text: string): AlertEvidence {
  try {
    // Written by saveAlerts; a row of another version is worth no more than its absence.
    return JSON.parse(text) as AlertEvidence;
  } catch {
    return evidenceOf({ unit: 'count' });
  }
}

/** JSON has no infinity. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
