export { type Finding, fingerprint, evidenceOf } from './finding.ts';
export {
  type Rule,
  type RuleCategory,
  type RuleScope,
  type RuleSeverity,
  type Statement,
  defineRule,
  ruleCategories,
} from './rule.ts';
export { rules } from './rules/table.ts';
export {
  type RuleOverride,
  type RuleOverrides,
  checkRuleOverrides,
  configuredRules,
} from './configure.ts';
export { theilSen, type TheilSenLine } from './statistics/theil-sen.ts';
export { mannKendall, type MannKendall } from './statistics/mann-kendall.ts';
export { judgeLeak, type Leak, type LeakVerdict, type NoLeakReason } from './leak/judge.ts';
export { judgeLife, type LifeFloors, type LifeVerdict } from './leak/series.ts';
export { horizons, floorSeconds, fineFloorSeconds, warmUpSeconds } from './leak/horizon.ts';
export type { Floors } from './leak/floors.ts';
export { silentHostsStatement } from './sql/silent-hosts.ts';
