// Turns vitest's JSON reports into the closing line. Pure.

/**
 * @typedef {object} Assertion one test in vitest's JSON report
 * @property {string} fullName
 * @property {string} status `passed`, `failed`, `skipped`, `pending`, `todo`, `disabled`
 * @property {string[]} [tags]
 *
 * @typedef {object} Report one run of vitest
 * @property {{ name: string, status: string, message?: string, assertionResults: Assertion[] }[]} testResults
 *
 * @typedef {object} Run
 * @property {string} name the project
 * @property {number} code vitest's exit code
 * @property {Report | undefined} report undefined when vitest wrote none
 *
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string[]} remarks what the counts do not show
 */

/** Tests with this tag read recorded inputs from outside the repository and may go without them. */
const maySkipTag = 'fixtures';

/**
 * Counts what really ran. A file that could not be loaded, a run that broke off, and (under CI) a
 * test that skipped itself because a part was missing are failures.
 * @param {Run[]} runs
 * @param {{ ci: boolean }} options
 * @returns {Tally}
 */
export function tally(runs, { ci }) {
  /** @type {Tally} */
  const total = { passed: 0, failed: 0, skipped: 0, remarks: [] };
  for (const run of runs) {
    const failedBefore = total.failed;
    for (const file of run.report?.testResults ?? []) {
      const failedInFile = countFile(file.assertionResults, total, ci);
      if (file.status === 'failed' && failedInFile === 0) {
        total.failed += 1;
        total.remarks.push(`${file.name}: did not load or did not finish: ${file.message ?? ''}`);
      }
    }
    if (run.code !== 0 && total.failed === failedBefore) {
      total.failed += 1;
      total.remarks.push(`${run.name}: vitest ended with exit code ${run.code}`);
    }
  }
  return total;
}

/**
 * @param {Assertion[]} tests
 * @param {Tally} total
 * @param {boolean} ci
 * @returns {number} the tests that failed
 */
function countFile(tests, total, ci) {
  let failed = 0;
  for (const test of tests) {
    if (test.status === 'passed') {
      total.passed += 1;
    } else if (test.status === 'failed') {
      failed += 1;
    } else if (ci && !test.tags?.includes(maySkipTag)) {
      failed += 1;
      total.remarks.push(`skipped, which counts as failed under CI: ${test.fullName.trim()}`);
    } else {
      total.skipped += 1;
    }
  }
  total.failed += failed;
  return failed;
}

/** @param {Tally} total */
export function closingLine({ passed, failed, skipped }) {
  const counts = [`${passed} passed`, `${failed} failed`];
  if (skipped > 0) counts.push(`${skipped} skipped`);
  return counts.join(', ');
}

/** @param {Tally} total */
export function isGreen({ passed, failed }) {
  return failed === 0 && passed > 0;
}
