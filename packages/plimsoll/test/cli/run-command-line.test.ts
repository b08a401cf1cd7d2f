import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fakeTerminal, runCommandLine } from '@plimsoll/cli';
import { program } from '../../src/program.ts';

const { commands } = program;
const cwd = mkdtempSync(join(tmpdir(), 'plimsoll-cli-'));

async function run(args: string[], options: Parameters<typeof fakeTerminal>[0] = {}) {
  const terminal = fakeTerminal({ cwd, ...options });
  const code = await runCommandLine(program, args, terminal);
  return { code, output: terminal.output(), errors: terminal.errors() };
}

describe('help', () => {
  test.each([[[]], [['--help']], [['-h']], [['help']]])(
    'plimsoll %s lists every command',
    async (args) => {
      const { code, output } = await run(args);
      expect(code).toBe(0);
      for (const { name, summary } of commands) {
        expect(output).toContain(name);
        expect(output).toContain(summary);
      }
    },
  );

  test.each(['config', 'dead-letter'])('plimsoll %s --help lists the group', async (group) => {
    const { code, output } = await run([group, '--help']);
    expect(code).toBe(0);
    const members = commands.filter(({ name }) => name.startsWith(`${group} `));
    expect(members.length).toBeGreaterThan(1);
    for (const { name, summary } of members) {
      expect(output).toContain(name);
      expect(output).toContain(summary);
    }
    expect(output).not.toContain('plimsoll all');
    expect(await run(['help', group])).toEqual({ code, output, errors: '' });
  });

  test.each(commands.map(({ name }) => name))('plimsoll %s --help teaches', async (name) => {
    const { code, output } = await run([...name.split(' '), '--help']);
    expect(code).toBe(0);
    expect(output).toContain(`Usage: plimsoll ${name}`);
    for (const section of ['Options', 'Examples', 'Environment', 'Exit codes']) {
      expect(output).toContain(`\n${section}\n`);
    }
    expect(output).toContain(`plimsoll ${name}`);
    expect(await run(['help', ...name.split(' ')])).toEqual(await run([...name.split(' '), '-h']));
  });

  test('fits a terminal of 100 columns', async () => {
    for (const { name } of commands) {
      const { output } = await run([...name.split(' '), '--help']);
      const longest = Math.max(...output.split('\n').map((line) => line.length));
      expect(longest).toBeLessThanOrEqual(100);
    }
  });
});

describe('a command line that is not understood ends with 2 and says what was meant', () => {
  test.each([
    ['a mistyped command', ['alll'], 'expected a command, got "alll"\n  Did you mean "all"?'],
    ['a command like no other', ['frobnicate'], 'Run "plimsoll --help" for the list.'],
    ['a group alone', ['config'], 'expected one of config check, config print, got "config"'],
    ['a mistyped option', ['all', '--prot', '1'], 'got "--prot"\n  Did you mean "--port"?'],
    ['a missing value', ['all', '--port'], '--port: expected <port>, got nothing'],
    [
      'a value too many',
      ['sql', '--embedded=yes', 'x'],
      '--embedded: expected no value, got "yes"',
    ],
    ['a word too many', ['all', 'now'], 'expected no words after its options, got "now"'],
    ['an unquoted statement', ['sql', 'SELECT', '1'], 'expected one word (quote it)'],
    [
      'an unknown format',
      ['sql', '-f', 'xml', 'x'],
      '--format: expected one of table, csv, json, got "xml"',
    ],
    [
      'no number of rows',
      ['sql', '--max-rows', 'all', 'x'],
      '--max-rows: expected a number above 0',
    ],
    ['no address', ['sql', '--url', 'localhost', 'x'], '--url: expected an address such as'],
    [
      'two places to ask',
      ['sql', '--url', 'http://a', '--embedded', 'x'],
      'expected --embedded or --url',
    ],
    ['no statement', ['sql'], 'expected a statement, got nothing'],
  ])('%s', async (_, args, message) => {
    const { code, output, errors } = await run(args);
    expect(errors).toContain(message);
    expect(errors).toContain('(usage_invalid)');
    expect([code, output]).toEqual([2, '']);
  });
});

describe('configuration', () => {
  test('config check says that it is valid, and from where', async () => {
    writeFileSync(join(cwd, 'good.yml'), 'tenant: acme\n');
    expect(await run(['config', 'check', '-c', 'good.yml'])).toMatchObject({
      code: 0,
      output: `The configuration is valid (${join(cwd, 'good.yml')}).\n`,
    });
  });

  test('config check reports every problem, on one line each', async () => {
    writeFileSync(join(cwd, 'bad.yml'), 'tenant: a b\nhttp: {prot: 1}\n');
    const { code, errors } = await run(['config', 'check', '-c', 'bad.yml', '--port', 'http']);
    expect(code).toBe(1);
    expect(errors).toBe(
      [
        'plimsoll: the configuration has 3 problems',
        '  bad.yml:1: tenant: expected a name of 1 to 64 letters, digits, _ . or -, got "a b"',
        '  --port: http.port: expected a whole number from 0 to 65535, got "http"',
        '  bad.yml:2: http.prot: expected a known key, got "prot"; did you mean "port"?',
        '  (config_invalid)\n',
      ].join('\n'),
    );
  });

  test('an alert rule that does not exist is a problem of the configuration', async () => {
    const env = { PLIMSOLL_ALERTING__RULES__NO_SUCH_RULE__THRESHOLD: '1' };
    const { code, errors } = await run(['config', 'check'], { env });
    expect(code).toBe(1);
    expect(errors).toContain('alerting.rules.no_such_rule');
  });

  test('config print shows options and environment, and no secret', async () => {
    const env = { PLIMSOLL_HTTP__TOKEN: 'sesame-sesame-sesame', PLIMSOLL_TENANT: 'acme' };
    const { code, output } = await run(['config', 'print', '--port', '8080'], { env });
    expect(code).toBe(0);
    expect(output).toMatch(/tenant: acme[^]*port: 8080[^]*token: \(secret\)/);
    expect(output).not.toContain('sesame');
  });
});

describe('roles', () => {
  const kafka = { PLIMSOLL_TRANSPORT__MODE: 'kafka' };

  test.each([
    ['collector', {}],
    ['ingest', {}],
    ['ingest', kafka],
    ['query', {}],
    ['alerting', {}],
  ])('plimsoll %s explains that it needs a server (%j)', async (role, env) => {
    const { code, errors } = await run([role], { env });
    expect(code).toBe(1);
    expect(errors).toContain('expected storage.mode: server, got embedded');
    expect(errors).toContain('Run "plimsoll all", or set storage.mode: server and storage.url.');
    expect(errors).toContain('(role_needs_server)');
  });

  test('plimsoll storage explains that it is the server itself', async () => {
    const env = {
      PLIMSOLL_STORAGE__MODE: 'server',
      PLIMSOLL_STORAGE__URL: 'http://db:8123',
    };
    const { code, errors } = await run(['storage'], { env });
    expect(code).toBe(1);
    expect(errors).toContain('expected storage.mode: embedded, got server');
    expect(errors).toContain('(role_needs_engine)');
  });

  test('plimsoll storage without the protocol would serve nothing', async () => {
    const env = { PLIMSOLL_CLICKHOUSE_HTTP__ENABLED: 'false' };
    const { code, errors } = await run(['storage'], { env });
    expect(code).toBe(1);
    expect(errors).toContain('expected clickhouse_http.enabled: true, got false');
  });
});

test('the version is that of the package', async () => {
  expect((await run(['--version'])).output).toMatch(/^\d+\.\d+\.\d+\n$/);
});
