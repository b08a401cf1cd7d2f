import { configuredRules } from '@plimsoll/detect';
import type { AlertRuleInfo } from '@plimsoll/model/api';
import type { SelectOptions } from '@plimsoll/storage';
import type { QueryContext } from '../query-context.ts';

interface StatusRow {
  rule: string;
  title: string;
  description: string;
  severity: AlertRuleInfo['severity'];
  for_seconds: number;
  evaluated_ms: string;
  evaluation_ms: number;
  error: string;
}

/**
 * Every rule with its last evaluation, whichever process alerting runs in. Before the first one,
 * and where alerting is not on, the rules of the configuration without it.
 */
export async function loadRules(
  context: QueryContext,
  options: Pick<SelectOptions, 'signal'> = {},
): Promise<AlertRuleInfo[]> {
  const rows = await context.engine.select<StatusRow>(
    `SELECT rule, title, description, severity, for_seconds,
        toUnixTimestamp64Milli(evaluated_at) AS evaluated_ms, evaluation_ms, error
      FROM alert_rule_status FINAL
      WHERE tenant = {tenant:String}`,
    {
      params: { tenant: context.config.tenant },
      maxExecutionMs: context.config.query.max_execution_time,
      ...options,
    },
  );
  const evaluated = new Map(rows.map((row) => [row.rule, row]));
  return configuredRules(context.config.alerting.rules).map((rule) => {
    const row = evaluated.get(rule.name);
    return {
      name: rule.name,
      title: row?.title ?? rule.title,
      description: row?.description ?? rule.description,
      severity: row?.severity ?? rule.severity,
      for_seconds: row?.for_seconds ?? rule.forMs / 1000,
      evaluated_at: row ? Number(row.evaluated_ms) : null,
      evaluation_ms: row?.evaluation_ms ?? null,
      error: row && row.error !== '' ? row.error : null,
    };
  });
}
