// node scripts/dev.mjs: the services restart when a file changes; vite serves the page and passes
// its requests on to them.
import path from 'node:path';
import process from 'node:process';

import { pinnedNode, root } from './process/paths.mjs';
import { runChild } from './process/run-child.mjs';
import { setUpPackages } from './setup/set-up.mjs';

const services = ['packages/plimsoll/src/main.ts', 'all', ...process.argv.slice(2)];

await setUpPackages();
// The command replaces itself where these are missing, and node would no longer watch it.
process.env['UV_THREADPOOL_SIZE'] ??= '24';
process.env['MALLOC_MMAP_THRESHOLD_'] ??= '1048576';
const codes = await Promise.all([
  runChild(pinnedNode, ['--watch', '--watch-preserve-output', ...services]),
  runChild(pinnedNode, [path.join(root, 'node_modules/vite/bin/vite.js'), '--clearScreen=false'], {
    cwd: path.join(root, 'packages/web'),
    stdin: 'ignore',
  }),
]);
process.exitCode = Math.max(...codes);
