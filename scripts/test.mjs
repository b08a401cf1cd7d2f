// node scripts/test.mjs [--project unit|integration|docker|chaos] [--carry-failed n] [-- arguments of vitest]
//
// Sets up, runs every test, and ends with one plain line of real counts. `--carry-failed` adds
// failures of earlier steps to that line.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

import { pinnedNode, root } from './process/paths.mjs';
import { runChild } from './process/run-child.mjs';
import { closingLine, isGreen, tally } from './report/tally.mjs';
import { setUp } from './setup/set-up.mjs';

// Those of one stage run beside each other: real parts are waited for more than they compute.
const stages = [['unit'], ['integration', 'docker'], ['chaos']];

const reports = path.join(root, 'node_modules/.cache/plimsoll-test');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    project: { type: 'string', multiple: true, default: stages.flat() },
    'carry-failed': { type: 'string', default: '0' },
  },
});

await setUp('test');
mkdirSync(reports, { recursive: true });
const runs = [];
for (const stage of stages) {
  const chosen = stage.filter((name) => values.project.includes(name));
  runs.push(...(await Promise.all(chosen.map(runProject))));
}

const total = tally(runs, { ci: process.env['CI'] === 'true' });
total.failed += Number(values['carry-failed']);
for (const remark of total.remarks) console.log(remark);
if (total.passed + total.failed === 0) console.log('no test ran: expected at least one');
console.log(closingLine(total));
process.exitCode = isGreen(total) ? 0 : 1;

/** @param {string} name */
async function runProject(name) {
  const file = path.join(reports, `${name}.json`);
  rmSync(file, { force: true });
  const code = await runChild(
    pinnedNode,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      `--project=${name}`,
      '--passWithNoTests',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...positionals,
    ],
    { stdin: 'ignore' },
  );
  return { name, code, report: readReport(file) };
}

/**
 * @param {string} file
 * @returns {import('./report/tally.mjs').Report | undefined} undefined when vitest broke off early
 */
function readReport(file) {
  if (!existsSync(file)) return undefined;
  return /** @type {import('./report/tally.mjs').Report} */ (
    JSON.parse(readFileSync(file, 'utf8'))
  );
}
