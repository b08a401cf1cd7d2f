import type { Rule } from '../rule.ts';
import { collectorSilent } from './collector-silent.ts';
import { containerLogLoss } from './container-log-loss.ts';
import { cpuThrottled } from './cpu-throttled.ts';
import { diskNearlyFull } from './disk-nearly-full.ts';
import { inodesNearlyFull } from './inodes-nearly-full.ts';
import { leakRules } from './leaks.ts';
import { logFlood } from './log-flood.ts';
import { memoryNearLimit } from './memory-near-limit.ts';
import { oomKill } from './oom-kill.ts';
import { pidsNearLimit } from './pids-near-limit.ts';
import { restartLoop } from './restart-loop.ts';
import { unhealthy } from './unhealthy.ts';

/** Every rule there is, in the order the page lists them. A runbook of the same name tells of each. */
export const rules: readonly Rule[] = [
  memoryNearLimit,
  oomKill,
  cpuThrottled,
  pidsNearLimit,
  restartLoop,
  unhealthy,
  diskNearlyFull,
  inodesNearlyFull,
  collectorSilent,
  containerLogLoss,
  logFlood,
  ...leakRules,
];
