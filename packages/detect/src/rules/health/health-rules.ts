import type { Rule } from '../../rule.ts';
import { restartLoop } from './restart-loop.ts';
import { unhealthy } from './unhealthy.ts';

/** What does not work, or works against its host: containers, daemons, kernels, configurations. */
export const healthRules: readonly Rule[] = [restartLoop, unhealthy];
