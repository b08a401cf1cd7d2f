import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ProcessSettings } from '@plimsoll/cli/process-settings';

/**
 * A collector's heap is some 20 MB and its frames live outside of it, which makes V8 mark the heap
 * often: in small steps and on helper threads that takes a third of the collector's CPU time, in one
 * go a tenth (`npm run bench -- collector`). A young generation of 1 MiB takes 26 MB less of resident
 * memory and no more time. What strips types takes 13 MB, and is not loaded where its output is kept.
 */
export const collectorSettings: ProcessSettings = {
  flags: ['--single-threaded', '--no-incremental-marking', '--max-semi-space-size=1'],
  env: codeCache(),
};

/** Where Node keeps what it made of the source. It is made here: Node itself would try without end. */
function codeCache(): Record<string, string> {
  const folder = fileURLToPath(
    new URL('../../../node_modules/.cache/plimsoll-code', import.meta.url),
  );
  try {
    mkdirSync(folder, { recursive: true });
    return { NODE_COMPILE_CACHE: folder };
  } catch {
    return {};
  }
}
