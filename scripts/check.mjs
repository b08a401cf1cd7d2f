// node scripts/check.mjs: everything that can be said about the code without running it.
import process from 'node:process';

import { pinnedNode, turbo } from './process/paths.mjs';
import { runChild } from './process/run-child.mjs';
import { setUpPackages } from './setup/set-up.mjs';

const tasks = ['typecheck', 'check:lint', 'check:format', 'check:unused', 'check:structure'];

await setUpPackages();
process.exitCode = await runChild(pinnedNode, [
  turbo,
  'run',
  ...tasks,
  '--continue',
  '--concurrency=100%',
  '--output-logs=errors-only',
  '--log-order=grouped',
  ...process.argv.slice(2),
]);
