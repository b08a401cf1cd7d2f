import { describe, expect, test } from 'vitest';

import { closingLine, isGreen, tally } from '../report/tally.mjs';

function run(statuses: string[], code = 0, tags: string[] = []) {
  const assertionResults = statuses.map((status) => ({ fullName: 'a test', status, tags }));
  const status = statuses.includes('failed') ? 'failed' : 'passed';
  return {
    name: 'unit',
    code,
    report: { testResults: [{ name: 'a.ts', status, assertionResults }] },
  };
}

function lineOf(runs: Parameters<typeof tally>[0], ci = false): string {
  return closingLine(tally(runs, { ci }));
}

describe('the closing line', () => {
  test('adds up the tests of every run', () => {
    expect(lineOf([run(['passed', 'passed']), run(['failed', 'passed'], 1)])).toBe(
      '3 passed, 1 failed',
    );
  });

  test('names skipped tests only when there are some', () => {
    expect(lineOf([run(['passed', 'skipped', 'pending', 'todo'])])).toBe(
      '1 passed, 0 failed, 3 skipped',
    );
  });

  test('counts a skip as a failure under CI, because a part is missing', () => {
    expect(lineOf([run(['passed', 'skipped'])], true)).toBe('1 passed, 1 failed');
  });

  test('allows a skip under CI when recorded fixtures are what is missing', () => {
    expect(lineOf([run(['passed', 'skipped'], 0, ['fixtures'])], true)).toBe(
      '1 passed, 0 failed, 1 skipped',
    );
  });

  test('counts a file that does not load as one failure', () => {
    const broken = {
      name: 'b.ts',
      status: 'failed',
      message: 'no such file',
      assertionResults: [],
    };
    const runs = [{ name: 'unit', code: 1, report: { testResults: [broken] } }];
    expect(lineOf(runs)).toBe('0 passed, 1 failed');
  });

  test('counts a run that broke off as one failure', () => {
    expect(lineOf([run(['passed']), { name: 'integration', code: 137, report: undefined }])).toBe(
      '1 passed, 1 failed',
    );
  });
});

describe('the verdict', () => {
  test('is green when something passed and nothing failed', () => {
    expect(isGreen(tally([run(['passed', 'skipped'])], { ci: false }))).toBe(true);
  });

  test('is not green when nothing ran', () => {
    expect(isGreen(tally([run([])], { ci: false }))).toBe(false);
    expect(isGreen(tally([run(['skipped'])], { ci: false }))).toBe(false);
  });

  test('is not green when vitest failed although every test passed', () => {
    expect(isGreen(tally([run(['passed'], 1)], { ci: false }))).toBe(false);
  });
});
