// node scripts/start.mjs [--demo] [arguments]: sets up, then runs every role in one process.
import process from 'node:process';

import { pinnedNode } from './process/paths.mjs';
import { runChild } from './process/run-child.mjs';
import { setUp } from './setup/set-up.mjs';

const [first, ...rest] = process.argv.slice(2);
const args =
  first === '--demo'
    ? ['packages/plimsoll/src/main.ts', 'demo', ...rest]
    : ['packages/plimsoll/src/main.ts', 'all', ...process.argv.slice(2)];

await setUp('start');
// The embedded engine frees large blocks often: from this size on they go back to the system at
// once. The C library reads it when a process starts, so it cannot be set any later.
process.env['MALLOC_MMAP_THRESHOLD_'] ??= '1048576';
process.exitCode = await runChild(pinnedNode, args);
