import { silentLogger } from '@plimsoll/runtime';
import { StorageError } from '@plimsoll/storage';
import { expect, test } from 'vitest';
import { waitUntilUsable } from '../../src/compose/wait-until-usable.ts';

/** Fails with each of the errors, one after another, and then resolves. */
function failing(...errors: Error[]): () => Promise<string> {
  return () => {
    const error = errors.shift();
    return error === undefined ? Promise.resolve('opened') : Promise.reject(error);
  };
}

function options(signal: AbortSignal = new AbortController().signal) {
  const problems: (string | null)[] = [];
  const onProblem = (reason: string | null): void => void problems.push(reason);
  return { problems, given: { signal, logger: silentLogger(), onProblem } };
}

const away = new StorageError('unreachable', 'ClickHouse at http://db:8123: ECONNREFUSED');

test('waits for a server that is away, and says for what', async () => {
  const { problems, given } = options();
  expect(await waitUntilUsable(failing(away, away), given)).toBe('opened');
  expect(problems).toEqual([away.message, away.message, null]);
});

test.each(['too_many_parts', 'overloaded', 'read_only', 'timeout'] as const)(
  'waits for a server that is in trouble: %s',
  async (code) => {
    const trouble = new StorageError(code, 'not now');
    expect(await waitUntilUsable(failing(trouble), options().given)).toBe('opened');
  },
);

test('waits for one who may make the tables', async () => {
  const { problems, given } = options();
  const denied = new StorageError('forbidden', 'Not enough privileges.');
  expect(await waitUntilUsable(failing(denied), given)).toBe('opened');
  expect(problems[0]).toMatch(/Not enough privileges.*plimsoll migrate/);
});

test.each([
  ['a wrong password', new StorageError('unreachable', 'no', { cause: coded('516') })],
  [
    'a wrong password, told by number',
    new StorageError('unreachable', 'no', { clickhouseCode: 516 }),
  ],
  ['tables of a newer version', new StorageError('migration_mismatch', 'newer')],
  ['a mistake of ours', new TypeError('x is not a function')],
])('does not wait for what does not pass: %s', async (_, error) => {
  await expect(waitUntilUsable(failing(error), options().given)).rejects.toBe(error);
});

test('ends when the process does', async () => {
  const stop = new AbortController();
  const waiting = waitUntilUsable(() => Promise.reject(away), options(stop.signal).given);
  stop.abort(new Error('stopping'));
  await expect(waiting).rejects.toThrow(/stopping|ECONNREFUSED/);
});

function coded(code: string): Error {
  return Object.assign(new Error('Authentication failed'), { code });
}
