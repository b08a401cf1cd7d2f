import { hostLabels } from '@plimsoll/model';
import { configSchema } from '@plimsoll/runtime';
import { expect, test } from 'vitest';
import { findRuleProblems, LinePlans } from '../../src/lines/line-plans.ts';
import { lineSettings, type LineRules, type LogOwner } from '../../src/lines/line-settings.ts';

const owner = (dockerLabels: Record<string, string> = {}, name = 'web'): LogOwner => ({
  labels: { ...hostLabels('default', 'host-a'), container_name: name, image: 'shop/web:1' },
  dockerLabels,
});

function rulesOf(rules: readonly unknown[] = [], labels = true): LineRules {
  return configSchema.parse({ collector: { logs: { rules, labels } } }).collector.logs;
}

const plansOf = (rules: LineRules): LinePlans =>
  new LinePlans({ rules, onWithheld: () => undefined });

test('nothing asked: the bytes go as they are', () => {
  expect(plansOf(rulesOf()).of('c1', owner(), 'docker-json')).toEqual({
    processor: null,
    isExcluded: false,
    withheldBecause: null,
    problems: [],
  });
});

test('the first rule that fits stands', () => {
  const rules = rulesOf([
    { match: { name: ['db*'] }, exclude: true },
    { match: { image: ['shop/*'] }, quota: '1KiB', redact: [{ pattern: 'a' }] },
    { quota: '9KiB', exclude: true },
  ]);
  expect(lineSettings(owner(), rules)).toMatchObject({
    isExcluded: false,
    quotaBytesPerSecond: 1024,
    redact: [{ pattern: 'a', replacement: '[redacted]' }],
  });
  expect(lineSettings(owner({}, 'db-1'), rules).isExcluded).toBe(true);
});

test('labels say how lines are joined, and never lift what the operator asks', () => {
  const rules = rulesOf([
    {
      multiline: { continue: '^x', max_lines: 3 },
      redact: [{ pattern: 'operator', replacement: '' }],
      quota: '1KiB',
    },
  ]);
  const labels = {
    'plimsoll.multiline.start': '^BEGIN',
    'plimsoll.redact': '["one", "two"]',
    'plimsoll.quota.bytes_per_second': '64KiB',
    'plimsoll.exclude': 'false',
  };
  expect(lineSettings(owner(labels), rules)).toEqual({
    isExcluded: false,
    multiline: { start: '^BEGIN', max_lines: 500, max_bytes: 262_144, max_wait: 2000 },
    redact: [
      { pattern: 'operator', replacement: '' },
      { pattern: 'one', replacement: '[redacted]' },
      { pattern: 'two', replacement: '[redacted]' },
    ],
    quotaBytesPerSecond: 1024,
    problems: [],
    isUnsafe: false,
  });
  const excluded = rulesOf([{ exclude: true }]);
  expect(lineSettings(owner(labels), excluded).isExcluded).toBe(true);
});

test('labels are left alone where the configuration says so', () => {
  const labels = { 'plimsoll.exclude': 'true', 'plimsoll.redact': '(' };
  expect(lineSettings(owner(labels), rulesOf([], false))).toMatchObject({
    isExcluded: false,
    redact: [],
  });
});

test.each([
  ['4096', 4096],
  ['64KiB', 65_536],
  ['1 MiB', 1_048_576],
])('a quota of %s is %i bytes', (quota, bytes) => {
  const labels = { 'plimsoll.quota.bytes_per_second': quota };
  expect(lineSettings(owner(labels), rulesOf()).quotaBytesPerSecond).toBe(bytes);
});

test.each([
  ['[0-9]{16}', ['[0-9]{16}']],
  ['[12]', ['[12]']],
  [' ["a", "b"]', ['a', 'b']],
  ['', []],
])('the label plimsoll.redact %j', (label, patterns) => {
  const { redact } = lineSettings(owner({ 'plimsoll.redact': label }), rulesOf());
  expect(redact.map(({ pattern }) => pattern)).toEqual(patterns);
});

test.each([
  ['plimsoll.quota.bytes_per_second', 'much', 'expected a size above 0 such as 64KiB, got "much"'],
  ['plimsoll.quota.bytes_per_second', '0', 'expected a size above 0'],
  ['plimsoll.exclude', 'yes', 'expected true or false, got "yes"'],
  ['plimsoll.multiline.start', '(', 'multiline.start: pattern "("'],
  ['plimsoll.multiline.continue', '(?=x)', 'there is no look-around'],
])('%s=%s is left out and said: %s', (label, value, problem) => {
  const plan = plansOf(rulesOf()).of('c1', owner({ [label]: value }), 'docker-json');
  expect(plan).toMatchObject({ processor: null, isExcluded: false, withheldBecause: null });
  expect(plan.problems.join()).toContain(problem);
});

test.each(['(', '["a", "b]', '["a", 5]', '["a", "("]', '(?!x)'])(
  'a log that cannot be redacted as its label asks is not read: %s',
  (label) => {
    const plan = plansOf(rulesOf()).of('c1', owner({ 'plimsoll.redact': label }), 'docker-json');
    expect(plan).toMatchObject({ processor: null, isExcluded: true });
    expect(plan.withheldBecause).toContain('redact');
    expect(plan.problems).not.toEqual([]);
  },
);

test('the same plan as long as the same is asked, and its quota with it', () => {
  const plans = plansOf(rulesOf());
  const labels = { 'plimsoll.quota.bytes_per_second': '1KiB' };
  const first = plans.of('c1', owner(labels), 'docker-json');
  expect(first.processor).not.toBeNull();
  expect(plans.of('c1', owner({ ...labels, other: 'x' }), 'docker-json')).toBe(first);
  expect(plans.of('c2', owner(labels), 'docker-json')).not.toBe(first);
  expect(plans.of('c1', owner({}), 'docker-json').processor).toBeNull();
  plans.forget('c1');
  expect(plans.of('c1', owner(labels), 'docker-json')).not.toBe(first);
});

test('what is withheld is told of the container as it is named now', () => {
  const told: string[] = [];
  const plans = new LinePlans({
    rules: rulesOf([{ quota: '1B' }]),
    onWithheld: ({ labels }, { lines }) => told.push(`${labels.container_name} ${lines}`),
  });
  const { processor } = plans.of('c1', owner({}, 'old'), 'plain');
  plans.of('c1', owner({}, 'new'), 'plain');
  const block = Buffer.from(`${'x'.repeat(100)}\n`);
  const processed = processor?.process(block, {
    start: 0,
    isFinal: true,
    releases: false,
    nowMs: 0,
  });
  if (processed) processor?.accept(processed);
  expect(told).toEqual(['new 1']);
});

test('each pattern of the configuration that does not compile is named by its path', () => {
  const rules = rulesOf([
    { redact: [{ pattern: 'fine' }, { pattern: '(' }] },
    { multiline: { start: '[', continue: 'a' } },
  ]);
  expect(findRuleProblems(rules)).toEqual([
    expect.stringContaining('collector.logs.rules[0].redact[1].pattern: pattern "("'),
    expect.stringContaining('collector.logs.rules[1].multiline.start: pattern "["'),
  ]);
});
