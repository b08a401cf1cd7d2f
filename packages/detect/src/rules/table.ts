import type { Rule } from '../rule.ts';
import { collectionRules } from './collection/collection-rules.ts';
import { healthRules } from './health/health-rules.ts';
import { leakRules } from './leaks.ts';
import { quotaRules } from './quota/quota-rules.ts';

/** Every rule there is, in the order the page lists them. A runbook of the same name tells of each. */
export const rules: readonly Rule[] = [
  ...quotaRules,
  ...healthRules,
  ...collectionRules,
  ...leakRules,
];
