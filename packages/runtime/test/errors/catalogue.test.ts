import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeError, errorCatalogue, errorCodes, PlimsollError } from '../../src/index.ts';

const packages = join(import.meta.dirname, '../../..');

/** Source of every package without the catalogue itself. */
const source = readdirSync(packages)
  .flatMap((name) => sourceFiles(join(packages, name, 'src')))
  .filter((file) => !file.endsWith('errors/catalogue.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

describe('the error catalogue', () => {
  test.each(errorCodes)('%s says what it means and what to do, and is used', (code) => {
    const { means, hint } = errorCatalogue[code];
    expect(code).toMatch(/^[a-z]+(_[a-z]+)+$/);
    expect(means).toMatch(/^[A-Z].*\.$/);
    expect(hint).toMatch(/^[A-Z].*\.$/);
    expect(source.includes(`'${code}'`)).toBe(true);
  });

  test('an error carries its code, the hint of the catalogue and its cause', () => {
    const cause = new Error('EADDRINUSE');
    const error = new PlimsollError('port_in_use', 'expected a free port, got a used one', {
      cause,
    });
    expect(error).toMatchObject({ code: 'port_in_use', exitCode: 1, cause });
    expect(error.hint).toBe(errorCatalogue.port_in_use.hint);
  });

  test('is shown with what happened, why, what to do and the code, without a stack', () => {
    const cause = new Error('disk on fire\n    at somewhere');
    const error = new PlimsollError('storage_unavailable', 'expected ClickHouse to open', {
      cause,
      hint: 'Call the fire brigade.',
    });
    expect(describeError(error)).toBe(
      'plimsoll: expected ClickHouse to open: disk on fire\n  Call the fire brigade.\n  (storage_unavailable)',
    );
  });

  test('a cause that the message already repeats is shown once', () => {
    const error = new Error('could not start: no space left', {
      cause: new Error('no space left'),
    });
    expect(describeError(error)).toBe('plimsoll: could not start: no space left');
  });
});
