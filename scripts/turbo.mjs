// node scripts/turbo.mjs <arguments of turbo>: turbo on the pinned Node, silent to the outside.
import process from 'node:process';

import { pinnedNode, turbo } from './process/paths.mjs';
import { runChild } from './process/run-child.mjs';
import { setUpPackages } from './setup/set-up.mjs';

await setUpPackages();
process.exitCode = await runChild(pinnedNode, [turbo, ...process.argv.slice(2)]);
