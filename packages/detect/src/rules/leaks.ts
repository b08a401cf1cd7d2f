import { leakResources } from '../leak/resource.ts';
import { leakRule } from '../leak/rule.ts';

/** One rule for each resource that can leak. */
export const leakRules = leakResources.map(leakRule);
