import type { ProcessSettings } from '@plimsoll/cli/process-settings';

/**
 * A collector's heap is some 20 MB and its frames live outside of it, which makes V8 mark the heap
 * often: in small steps and on helper threads that takes a third of the collector's CPU time, in one
 * go a tenth (`npm run bench -- collector`).
 */
export const collectorSettings: ProcessSettings = {
  flags: ['--single-threaded', '--no-incremental-marking'],
  env: {},
};
