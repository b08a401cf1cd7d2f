import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeTerminal, runCommandLine } from '@plimsoll/cli';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { program } from '../../src/program.ts';

let cwd: string;
beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), 'plimsoll-agent-'))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

async function run(args: string[], config: object = {}) {
  const whole = {
    collector: { host: 'h', docker: { enabled: false }, kubernetes: { enabled: 'never' } },
    ...config,
  };
  writeFileSync(join(cwd, 'plimsoll.yaml'), JSON.stringify(whole));
  const terminal = fakeTerminal({ cwd });
  const code = await runCommandLine(program, args, terminal);
  return { code, output: terminal.output(), errors: terminal.errors() };
}

describe('help', () => {
  test.each(program.commands.map(({ name }) => name))('of %s teaches', async (name) => {
    const { code, output } = await run([...name.split(' '), '--help']);
    expect(code).toBe(0);
    expect(output).toContain(`Usage: plimsoll-collector ${name}`);
    for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});

test.each([
  [['--once', '--dry-run'], 'expected --once or --dry-run, got both'],
  [['--json'], 'expected --json with --dry-run, got it alone'],
  [['--onec'], 'Did you mean "--once"?'],
])('%s is refused', async (args, message) => {
  const { code, errors } = await run(args);
  expect([code, errors]).toEqual([2, expect.stringContaining(message)]);
});

test('a pattern that does not compile hinders the start, and is named with what is wrong', async () => {
  const logs = { rules: [{ redact: [{ pattern: 'password=(' }] }] };
  for (const args of [['run'], ['config', 'check'], ['doctor']]) {
    const { code, errors } = await run(args, { collector: { host: 'h', logs } });
    expect(code).toBe(1);
    expect(errors).toContain('collector.logs.rules[0].redact[0].pattern: pattern "password=("');
    expect(errors).toContain('(config_invalid)');
  }
});

test('without Kafka it says what to do, and makes nothing', async () => {
  const { code, errors } = await run([]);
  expect(code).toBe(1);
  expect(errors).toContain('plimsoll-collector: expected transport.mode: kafka, got direct');
  expect(errors).toContain('(transport_unsupported)');
  expect(readdirSync(cwd)).toEqual(['plimsoll.yaml']);
});

describe('a dry run', () => {
  test('is a table for people', async () => {
    writeFileSync(join(cwd, 'app.log'), 'x'.repeat(2000));
    const logs = { files: [join(cwd, 'app.log')] };
    const { code, output } = await run(['--dry-run'], {
      collector: { host: 'h', docker: { enabled: false }, kubernetes: { enabled: 'never' }, logs },
    });
    expect(code).toBe(0);
    expect(output).toContain('Host h, tenant default. Nothing was read, written or sent.');
    expect(output).toMatch(/unread +on disk +path +lines\n +1\.95 KiB +1\.95 KiB +\S+app\.log/);
    expect(output).toMatch(/statistics +control groups/);
    expect(existsSync(join(cwd, 'data'))).toBe(false);
  });

  test('is JSON for scripts', async () => {
    const transport = { mode: 'kafka', kafka: { brokers: ['k:9092'] } };
    const { output } = await run(['--dry-run', '--json'], { transport });
    expect(JSON.parse(output)).toMatchObject({
      host: 'h',
      containers: [],
      transport: 'Kafka at k:9092, topics plimsoll.logs and plimsoll.rows',
    });
  });
});

describe('doctor', () => {
  test('has one line for each thing, the level first', async () => {
    const { code, output } = await run(['doctor']);
    expect(code).toBe(0);
    for (const line of output.trimEnd().split('\n')) expect(line).toMatch(/^(ok|warn) +\S/);
    expect(output).toMatch(/ok +data folder/);
  });

  test('ends with 1 when the collector could not do its work', async () => {
    const transport = { mode: 'kafka', kafka: { brokers: ['127.0.0.1:1'] } };
    const { code, output } = await run(['doctor', '--json'], { transport });
    expect(code).toBe(1);
    const { findings } = JSON.parse(output) as { findings: { subject: string }[] };
    expect(findings.find(({ subject }) => subject === 'Kafka')).toMatchObject({
      level: 'fail',
      remedy: 'start Kafka, or correct transport.kafka.brokers',
    });
  });

  test('asks ClickHouse where rows go there, and says why it does not answer', async () => {
    const storage = { mode: 'server', url: 'http://127.0.0.1:65432' };
    const { code, output } = await run(['doctor'], { storage });
    expect(code).toBe(1);
    expect(output).toMatch(
      /fail +ClickHouse +http:\/\/127\.0\.0\.1:65432\/ does not answer: .*REFUSED/,
    );
  });
});
