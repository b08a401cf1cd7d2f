// Builds the web page; turbo keeps what it built. Runs on Node 20.
import { existsSync } from 'node:fs';
import path from 'node:path';

import { pinnedNode, root, turbo } from '../process/paths.mjs';
import { runQuietly } from '../process/run-child.mjs';
import { SetupError, step } from './progress.mjs';

const built = path.join(root, 'packages/web/dist/index.html');

export async function ensurePage() {
  if (existsSync(built)) await build();
  else await step('building the page', build);
}

async function build() {
  const { code, output } = await runQuietly(pinnedNode, [
    turbo,
    'run',
    'build',
    '--filter=@plimsoll/web',
    '--output-logs=errors-only',
  ]);
  if (code !== 0) {
    throw new SetupError(
      `the page could not be built\n${output.trim()}`,
      'see the lines above; `npm run build` repeats the step',
    );
  }
}
