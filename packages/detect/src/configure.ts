import type { Rule } from './rule.ts';
import { rules } from './rules/table.ts';

/** What a user may set for a rule; in `for`, milliseconds. */
export interface RuleOverride {
  enabled?: boolean | undefined;
  threshold?: number | undefined;
  for?: number | undefined;
}

export type RuleOverrides = Readonly<Record<string, RuleOverride>>;

/** One sentence per mistake, each with the path of what is wrong; empty when all is well. */
export function checkRuleOverrides(overrides: RuleOverrides): string[] {
  const known = rules.map((rule) => rule.name);
  const problems: string[] = [];
  for (const [name, override] of Object.entries(overrides)) {
    if (!known.includes(name)) {
      problems.push(
        `alerting.rules.${name}: expected one of ${known.join(', ')}; there is no rule of this name`,
      );
    } else if (override.threshold !== undefined && !(override.threshold > 0)) {
      problems.push(
        `alerting.rules.${name}.threshold: expected a number above 0, got ${override.threshold}`,
      );
    }
  }
  return problems;
}

/** The rules that are on, with the user's thresholds and durations in place of the defaults. */
export function configuredRules(overrides: RuleOverrides): Rule[] {
  return rules
    .filter((rule) => overrides[rule.name]?.enabled !== false)
    .map((rule) => ({
      ...rule,
      threshold: overrides[rule.name]?.threshold ?? rule.threshold,
      forMs: overrides[rule.name]?.for ?? rule.forMs,
    }));
}
