import { silentHostsStatement, type Finding, type Rule } from '@plimsoll/detect';
import { messageOf } from '@plimsoll/runtime';
import type { Engine } from '@plimsoll/storage';

export type Evaluation =
  | { ok: true; findings: Finding[]; elapsedMs: number }
  | { ok: false; error: string; elapsedMs: number };

export interface EvaluateOptions {
  engine: Engine;
  tenant: string;
  nowMs: number;
  monotonic: () => number;
  signal: AbortSignal;
}

/** Runs one rule's statement under its own limits. An engine that fails is an outcome, not a throw. */
export async function evaluate(rule: Rule, options: EvaluateOptions): Promise<Evaluation> {
  const { engine, tenant, nowMs, monotonic, signal } = options;
  const from = monotonic();
  const scope = { tenant, nowMs, threshold: rule.threshold };
  try {
    const { sql, params } = rule.statement(scope);
    const rows = await engine.select<unknown>(sql, {
      params,
      maxRows: rule.maxRows,
      maxExecutionMs: rule.timeoutMs,
      signal,
    });
    const findings = rule.findings(rows, scope);
    return { ok: true, findings, elapsedMs: monotonic() - from };
  } catch (error) {
    signal.throwIfAborted();
    return { ok: false, error: messageOf(error), elapsedMs: monotonic() - from };
  }
}

/** Hosts known of within the last day that say nothing now. */
export async function findSilentHosts(options: EvaluateOptions): Promise<Set<string>> {
  const { engine, tenant, nowMs, signal } = options;
  const { sql, params } = silentHostsStatement({ tenant, nowMs, threshold: 0 });
  const rows = await engine.select<{ host: string }>(sql, {
    params,
    maxExecutionMs: 10_000,
    signal,
  });
  return new Set(rows.map((row) => row.host));
}
