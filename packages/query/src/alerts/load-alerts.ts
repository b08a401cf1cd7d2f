import type { AlertEntry, AlertEvidence, AlertState } from '@plimsoll/model/api';
import type { SelectOptions, SqlParameter } from '@plimsoll/storage';
import type { QueryContext } from '../query-context.ts';
import { alertEvidence } from './alert-evidence.ts';

export interface AlertFilter {
  states: readonly AlertState[];
  rule?: string | undefined;
  containerId?: string | undefined;
  limit: number;
}

interface AlertRow extends Omit<
  AlertEntry,
  'evidence' | 'firing_at' | 'resolved_at' | 'value' | 'threshold'
> {
  // JSON has no infinity and no NaN: the store writes null.
  value: number | null;
  threshold: number | null;
  evidence_json: string;
  firing_ms: string;
  resolved_ms: string;
  active_ms: string;
  updated_ms: string;
}

/** Current state of every alert, most pressing first: firing, then pending, then resolved. */
export async function loadAlerts(
  context: QueryContext,
  filter: AlertFilter,
  options: Pick<SelectOptions, 'signal'> = {},
): Promise<AlertEntry[]> {
  const statement = alertsStatement(filter, context.config.tenant);
  const rows = await context.engine.select<AlertRow>(statement.sql, {
    params: statement.params,
    maxExecutionMs: context.config.query.max_execution_time,
    ...options,
  });
  return rows.map(toAlert);
}

function alertsStatement(
  filter: AlertFilter,
  tenant: string,
): { sql: string; params: Record<string, SqlParameter> } {
  const conditions = ['tenant = {tenant:String}', 'state IN {states:Array(String)}'];
  const params: Record<string, SqlParameter> = {
    tenant,
    states: [...filter.states],
    limit: filter.limit,
  };
  if (filter.rule !== undefined) {
    conditions.push('rule = {rule:String}');
    params['rule'] = filter.rule;
  }
  if (filter.containerId !== undefined) {
    conditions.push(`labels['container_id'] = {container_id:String}`);
    params['container_id'] = filter.containerId;
  }
  return {
    // The newest row of each alert first, then the filter: an older row must not stand in for it.
    sql: `SELECT rule, fingerprint, toString(state) AS state, severity, summary, description, labels,
        value, threshold, unit, evidence AS evidence_json,
        toUnixTimestamp64Milli(active_at) AS active_ms,
        toUnixTimestamp64Milli(firing_at) AS firing_ms,
        toUnixTimestamp64Milli(resolved_at) AS resolved_ms,
        toUnixTimestamp64Milli(updated_at) AS updated_ms
      FROM alerts FINAL
      WHERE ${conditions.join(' AND ')}
      ORDER BY indexOf(['firing', 'pending', 'resolved'], state), updated_at DESC, rule, fingerprint
      LIMIT {limit:UInt32}`,
    params,
  };
}

function toAlert(row: AlertRow): AlertEntry {
  return {
    fingerprint: row.fingerprint,
    rule: row.rule,
    state: row.state,
    severity: row.severity,
    summary: row.summary,
    description: row.description,
    labels: row.labels,
    value: row.value ?? 0,
    threshold: row.threshold ?? 0,
    unit: row.unit,
    active_at: Number(row.active_ms),
    firing_at: momentOf(row.firing_ms),
    resolved_at: momentOf(row.resolved_ms),
    updated_at: Number(row.updated_ms),
    evidence: evidenceOf(row.evidence_json),
  };
}

/** 1970 stands for "not yet". */
function momentOf(text: string): number | null {
  const ms = Number(text);
  return ms > 0 ? ms : null;
}

const noEvidence: AlertEvidence = {
  series: [],
  unit: 'count',
  limit: null,
  slope_per_second: null,
  time_left_seconds: null,
  time_left_low_seconds: null,
  time_left_high_seconds: null,
  since: null,
  confidence: null,
};

/** An alert with unreadable evidence is still an alert. */
function evidenceOf(json: string): AlertEvidence {
  try {
    const parsed = alertEvidence.partial().safeParse(JSON.parse(json));
    return parsed.success ? { ...noEvidence, ...withoutUndefined(parsed.data) } : noEvidence;
  } catch {
    return noEvidence;
  }
}

function withoutUndefined<T extends object>(
  value: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  // Dropping the undefined entries is what makes the type true.
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
