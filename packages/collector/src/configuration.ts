/** What of the configuration only the collector can check, apart from the parts that do the work. */
import type { Config } from '@plimsoll/runtime';
import { findRuleProblems } from './lines/line-plans.ts';

/** As sentences that begin with the path; empty when all is well. */
export function checkCollectorConfig({ logs }: Config['collector']): string[] {
  return findRuleProblems(logs);
}
