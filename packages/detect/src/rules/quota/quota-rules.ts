import type { Rule } from '../../rule.ts';
import { cpuThrottled } from './cpu-throttled.ts';
import { diskNearlyFull } from './disk-nearly-full.ts';
import { inodesNearlyFull } from './inodes-nearly-full.ts';
import { logFlood } from './log-flood.ts';
import { memoryNearLimit } from './memory-near-limit.ts';
import { oomKill } from './oom-kill.ts';
import { pidsNearLimit } from './pids-near-limit.ts';

/** What is at or beyond a limit, and what has none. */
export const quotaRules: readonly Rule[] = [
  memoryNearLimit,
  oomKill,
  cpuThrottled,
  pidsNearLimit,
  diskNearlyFull,
  inodesNearlyFull,
  logFlood,
];
