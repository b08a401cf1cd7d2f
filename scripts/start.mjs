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
process.exitCode = await runChild(pinnedNode, args);
