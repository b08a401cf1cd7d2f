import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatProblem, loadConfig } from '../../src/index.ts';
import type { Config } from '../../src/index.ts';

type Env = Record<string, string>;

const cwd = mkdtempSync(join(tmpdir(), 'plimsoll-config-'));

function load(env: Env = {}, yaml?: string): Config {
  const result = loadConfig({ file: fileOf(yaml), env, cwd });
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.config;
}

function problems(env: Env, yaml?: string): string[] {
  const result = loadConfig({ file: fileOf(yaml), env, cwd });
  return result.ok ? [] : result.problems.map(formatProblem);
}

function fileOf(yaml: string | undefined): string | undefined {
  if (yaml === undefined) return undefined;
  writeFileSync(join(cwd, 'given.yml'), yaml);
  return 'given.yml';
}

describe('loadConfig', () => {
  test('needs nothing: every field has a default, and the data folder is absolute', () => {
    const config = load();
    expect(config.http).toEqual({ host: '127.0.0.1', port: 4270 });
    expect(config.clickhouse_http.port).toBe(4271);
    expect(config.collector.logs.flush_interval).toBe(100);
    expect(config.data_dir).toBe(join(cwd, 'data'));
  });

  test('is frozen all the way down', () => {
    const config = load({}, 'collector: {logs: {files: [/var/log/a.log]}}');
    for (const part of [config, config.collector.logs, config.collector.logs.files]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('takes options before the environment before the file before defaults', () => {
    const yaml = 'http: {port: 1000}\ntenant: file\nclickhouse_http: {port: 1001}\n';
    const file = fileOf(yaml);
    const env = { PLIMSOLL_HTTP_PORT: '2000', PLIMSOLL_TENANT: 'env' };
    const overrides = [{ path: ['http', 'port'], value: 3000, source: '--port' }];
    const result = loadConfig({ file, env, cwd, overrides });
    expect(result.ok && [result.config.http.port, result.config.tenant]).toEqual([3000, 'env']);
    expect(result.ok && result.config.clickhouse_http.port).toBe(1001);
  });

  test('reads plimsoll.yaml of the working folder when it is there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-config-'));
    writeFileSync(join(folder, 'plimsoll.yaml'), 'tenant: usual\n');
    const result = loadConfig({ env: {}, cwd: folder });
    expect(result.ok && result.config.tenant).toBe('usual');
    expect(result.ok && result.file).toBe(join(folder, 'plimsoll.yaml'));
  });

  test('prefers the file of the option to that of PLIMSOLL_CONFIG', () => {
    writeFileSync(join(cwd, 'option.yml'), 'tenant: option\n');
    writeFileSync(join(cwd, 'variable.yml'), 'tenant: variable\n');
    const env = { PLIMSOLL_CONFIG: 'variable.yml' };
    const byOption = loadConfig({ file: 'option.yml', env, cwd });
    const byVariable = loadConfig({ env, cwd });
    expect(byOption.ok && byOption.config.tenant).toBe('option');
    expect(byVariable.ok && byVariable.config.tenant).toBe('variable');
  });

  test.each([
    ['a missing file', 'nowhere.yml', 'ENOENT'],
    ['a folder', '.', 'EISDIR'],
  ])('reports %s that was named', (_, file, code) => {
    const result = loadConfig({ file, env: {}, cwd });
    expect(result.ok ? [] : result.problems).toEqual([
      {
        path: '',
        source: join(cwd, file),
        message: `expected a readable configuration file, got ${code}; check the path and its permissions`,
      },
    ]);
  });

  test('refuses a file of more than 1 MiB unread', () => {
    expect(problems({}, `# ${'x'.repeat(1024 * 1024)}`)[0]).toMatch(/expected a file of at most/);
  });

  test('an empty file is one without settings', () => {
    expect(load({}, '# nothing yet\n').tenant).toBe('default');
  });

  test('any text is either loaded or refused with a reason, never thrown', () => {
    const yamlish = fc.string({
      unit: fc.constantFrom(...Array.from('http: {}[]\n\t-&*!|>"\'#,ab1%@`')),
    });
    fc.assert(
      fc.property(yamlish, (text) => {
        const result = loadConfig({ file: fileOf(text), env: {}, cwd });
        expect(result.ok || result.problems.length > 0).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('any value in any section is either loaded or refused with a reason, never thrown', () => {
    const section = fc.constantFrom('http', 'collector', 'storage', 'ingest', 'query', 'alerting');
    const value = fc.jsonValue({ maxDepth: 4 });
    const inner = fc.constantFrom('port', 'logs', 'url', 'retention', 'sql', 'webhooks', 'rules');
    fc.assert(
      fc.property(section, inner, value, (name, key, given) => {
        const text = JSON.stringify({ [name]: { [key]: given } });
        const result = loadConfig({ file: fileOf(text), env: {}, cwd });
        expect(result.ok || result.problems.length > 0).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the environment', () => {
  test('sets every kind of field by rule', () => {
    const config = load({
      PLIMSOLL_DATA_DIR: '/var/lib/plimsoll',
      PLIMSOLL_CLICKHOUSE_HTTP_PORT: '0',
      PLIMSOLL_COLLECTOR__LOGS__START_AT: 'end',
      PLIMSOLL_COLLECTOR__LOGS__FILES: '/var/log/a.log, /var/log/b.log',
      PLIMSOLL_COLLECTOR__DOCKER__ENABLED: 'false',
      PLIMSOLL_INGEST__BATCH_MAX_BYTES: '8MiB',
      PLIMSOLL_STORAGE__RETENTION__LOGS: '2d',
      PLIMSOLL_ALERTING__WEBHOOKS: '[{name: pager, url: "https://example.org/hook"}]',
      PLIMSOLL_ALERTING__RULES__MEMORY_NEAR_LIMIT__THRESHOLD: '0.8',
    });
    expect(config.data_dir).toBe('/var/lib/plimsoll');
    expect(config.clickhouse_http.port).toBe(0);
    expect(config.collector.logs.start_at).toBe('end');
    expect(config.collector.logs.files).toEqual(['/var/log/a.log', '/var/log/b.log']);
    expect(config.collector.docker.enabled).toBe(false);
    expect(config.ingest.batch_max_bytes).toBe(8 * 1024 * 1024);
    expect(config.storage.retention.logs).toBe(2 * 86_400_000);
    expect(config.alerting.webhooks[0]?.name).toBe('pager');
    expect(config.alerting.rules).toEqual({ memory_near_limit: { threshold: 0.8 } });
  });

  test('leaves other variables, empty ones and those of tests alone', () => {
    const env = { PATH: '/bin', PLIMSOLL_TENANT: '', PLIMSOLL_TEST_SEED: '1', PLIMSOLLX: '1' };
    expect(load(env).tenant).toBe('default');
  });

  test.each<[string, Env, string[]]>([
    [
      'a mistyped variable',
      { PLIMSOLL_COLLECTOR__LOGS__START_ATT: 'end' },
      [
        'PLIMSOLL_COLLECTOR__LOGS__START_ATT: expected a variable that sets a configuration field, got an unknown one; did you mean PLIMSOLL_COLLECTOR__LOGS__START_AT?',
      ],
    ],
    [
      'a variable like no other',
      { PLIMSOLL_FOO: '1' },
      [
        'PLIMSOLL_FOO: expected a variable that sets a configuration field, got an unknown one; unset it',
      ],
    ],
    [
      'a variable that names a section',
      { PLIMSOLL_HTTP: '127.0.0.1:4270' },
      [
        'PLIMSOLL_HTTP: expected a variable that sets a configuration field, got an unknown one; unset it',
      ],
    ],
    [
      'two variables for one field',
      { PLIMSOLL_HTTP_PORT: '1000', PLIMSOLL_HTTP__PORT: '1000' },
      [
        'PLIMSOLL_HTTP__PORT: expected one variable for http.port, got PLIMSOLL_HTTP_PORT too; unset one of them',
      ],
    ],
    [
      'values of a wrong kind',
      { PLIMSOLL_HTTP_PORT: 'http', PLIMSOLL_COLLECTOR__STATS__ENABLED: 'yes' },
      [
        'PLIMSOLL_COLLECTOR__STATS__ENABLED: collector.stats.enabled: expected true or false, got "yes"',
        'PLIMSOLL_HTTP_PORT: http.port: expected a whole number from 0 to 65535, got "http"',
      ],
    ],
    [
      'a secret that is too short',
      { PLIMSOLL_HTTP__TOKEN: 'hunter2' },
      [
        'PLIMSOLL_HTTP__TOKEN: http.token: expected a secret of at least 16 characters, got 7 characters',
      ],
    ],
    [
      'a list that is broken',
      { PLIMSOLL_ALERTING__WEBHOOKS: '[{name: ' },
      [
        'PLIMSOLL_ALERTING__WEBHOOKS: alerting.webhooks: expected a list of at most 20, got "[{name: "',
      ],
    ],
  ])('%s is refused', (_, env, expected) => {
    expect(problems(env).toSorted()).toEqual(expected.toSorted());
  });

  test('problems of the file and of the environment come together', () => {
    const found = problems({ PLIMSOLL_FOO: '1', PLIMSOLL_TENANT: 'a b' }, 'http: {port: x}\n');
    expect(found).toHaveLength(3);
  });
});
