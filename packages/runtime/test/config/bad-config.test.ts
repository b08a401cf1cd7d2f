import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatProblem, loadConfig } from '../../src/index.ts';

const folder = join(import.meta.dirname, '../testdata/config');
const cases = readdirSync(folder)
  .filter((name) => name.endsWith('.bad.yml'))
  .map((name) => name.replace(/\.bad\.yml$/, ''));

function messagesOf(name: string): string {
  const result = loadConfig({ file: join(folder, `${name}.bad.yml`), env: {}, cwd: folder });
  return result.ok ? '' : `${result.problems.map(formatProblem).join('\n')}\n`;
}

describe('a bad file is refused with every problem, its line, its path and what to do', () => {
  test.each(cases)('%s', (name) => {
    expect(messagesOf(name)).toBe(readFileSync(join(folder, `${name}.expected.txt`), 'utf8'));
  });

  test('the table has its cases', () => {
    expect(cases.length).toBeGreaterThan(30);
  });

  test('no message repeats a secret', () => {
    const all = cases.map(messagesOf).join('');
    for (const secret of ['hunter2', 'not-to-be-shown', '1234567890123456']) {
      expect(all).not.toContain(secret);
    }
  });
});
