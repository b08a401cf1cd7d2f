import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listFields, loadConfig, renderConfig } from '../../src/index.ts';

const cwd = mkdtempSync(join(tmpdir(), 'plimsoll-redact-'));

test('what is printed holds no secret: not in fields, not in URLs', () => {
  const file = join(cwd, 'secrets.yml');
  writeFileSync(
    file,
    [
      'http: {token: sesame-sesame-sesame}',
      'storage: {mode: server, url: "http://db:8123/sesame", password: sesame}',
      'alerting:',
      '  webhooks: [{name: chat, url: "https://chat.example/sesame?key=sesame", secret: sesame}]',
    ].join('\n'),
  );
  const result = loadConfig({ file, env: {}, cwd });
  const text = result.ok ? renderConfig(result.config) : '';
  expect(text).toContain('https://chat.example/(secret)');
  expect(text).toContain('http://db:8123/(secret)');
  expect(text).not.toContain('sesame');
});

test('what is printed without secrets is a file that loads to the same configuration', () => {
  const first = loadConfig({ env: {}, cwd });
  expect(first.ok).toBe(true);
  const file = join(cwd, 'printed.yml');
  writeFileSync(file, first.ok ? renderConfig(first.config) : '');
  const second = loadConfig({ file, env: {}, cwd });
  expect(second.ok && second.config).toEqual(first.ok && first.config);
});

test('every field whose name speaks of a secret is marked as one', () => {
  const named = listFields().filter(({ path }) => /password|token\b|secret/.test(path.join('.')));
  expect(named.map(({ path }) => path.join('.'))).toEqual([
    'http.token',
    'transport.kafka.sasl.password',
    'storage.password',
  ]);
  expect(named.every(({ field }) => field.isSecret)).toBe(true);
});
