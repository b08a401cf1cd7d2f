import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { runPlimsoll } from './spawn-plimsoll.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'plimsoll-process-'));

describe('plimsoll migrate and sql --embedded', { timeout: 120_000 }, () => {
  test('make the tables, say each step, and have nothing to do the second time', async () => {
    const cwd = folder();
    const first = await runPlimsoll(['migrate'], { cwd });
    expect(first.errors).toBe('');
    expect(first.output).toMatch(/^0001 \w+: statement 1 of \d+\n/);
    expect(first.output).toMatch(/The tables are at version \d+: \d+ statements run\.\n/);
    expect(first.output).toContain('Retention was set as configured for logs, ');

    const env = { PLIMSOLL_STORAGE__RETENTION__LOGS: '7d' };
    const second = await runPlimsoll(['migrate'], { cwd, env });
    expect(second.output).toMatch(/nothing to do\.\nRetention was set as configured for logs\.\n$/);

    const args = ['sql', '--embedded', '-f', 'json', 'SELECT count() AS lines FROM logs'];
    const { code, output, errors } = await runPlimsoll(args, { cwd });
    expect([code, JSON.parse(output), errors]).toEqual([0, [{ lines: '0' }], '']);
  });

  test('a broken statement ends with 1 and a mark at its position', async () => {
    const cwd = folder();
    await runPlimsoll(['migrate'], { cwd });
    const statement = 'SELECT count() FORM logs';
    const { code, errors } = await runPlimsoll(['sql', '--embedded', statement], { cwd });
    expect(code).toBe(1);
    expect(errors).toMatch(/\n {2}SELECT count\(\) FORM logs\n +\^\n {2}\(statement_refused\)\n$/);
    expect(errors).not.toContain('    at ');
  });

  test('a statement that writes is refused', async () => {
    const args = ['sql', '--embedded', 'CREATE TABLE x (a UInt8) ENGINE = Memory'];
    const cwd = folder();
    await runPlimsoll(['migrate'], { cwd });
    const { code, errors } = await runPlimsoll(args, { cwd });
    expect([code, errors]).toEqual([1, expect.stringContaining('(statement_refused)')]);
  });

  test('a data folder in use is a clear error without a stack', async () => {
    const cwd = folder();
    const holder = JSON.stringify({ pid: process.pid });
    await runPlimsoll(['migrate'], { cwd });
    writeFileSync(join(cwd, 'data/plimsoll.lock'), holder);
    const { code, errors } = await runPlimsoll(['migrate'], { cwd });
    expect(code).toBe(1);
    expect(errors).toContain(`but process ${process.pid} uses it`);
    expect(errors).toContain('(data_dir_locked)');
    expect(errors).not.toContain('    at ');
  });

  test('sql makes no data folder: a mistyped one is an error', async () => {
    const args = ['sql', '--embedded', '--data-dir', 'dtaa', 'SELECT 1'];
    const { code, errors } = await runPlimsoll(args, { cwd: folder() });
    expect([code, errors]).toEqual([1, expect.stringContaining('got no such folder')]);
  });

  test('a data folder that cannot be is a clear error without a stack', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'file'), '');
    const { code, errors } = await runPlimsoll(['migrate', '--data-dir', 'file/data'], { cwd });
    expect(code).toBe(1);
    expect(errors).toMatch(/expected a data folder .* got ENOTDIR[^]*\(data_dir_unusable\)/);
    expect(errors).not.toContain('    at ');
  });
});

test('a broken configuration ends with 1 before anything is made', async () => {
  const cwd = folder();
  const env = { PLIMSOLL_HTTP_PORT: 'abc', PLIMSOLL_DATADIR: 'x' };
  const { code, errors } = await runPlimsoll(['all'], { cwd, env });
  expect(code).toBe(1);
  expect(errors).toContain('the configuration has 2 problems');
  expect(errors).toContain('did you mean PLIMSOLL_DATA_DIR?');
});
