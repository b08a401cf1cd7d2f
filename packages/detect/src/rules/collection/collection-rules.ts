import type { Rule } from '../../rule.ts';
import { collectorSilent } from './collector-silent.ts';
import { containerLogLoss } from './container-log-loss.ts';

/** What Plimsoll itself does not see. */
export const collectionRules: readonly Rule[] = [collectorSilent, containerLogLoss];
