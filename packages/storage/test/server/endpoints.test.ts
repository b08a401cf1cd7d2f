import { expect, test } from 'vitest';
import { StorageError, type StorageErrorCode } from '../../src/index.ts';
import { Endpoints } from '../../src/server/endpoints.ts';
import { rejection } from '../support/settled.ts';

interface Replica {
  name: string;
  fails: StorageErrorCode | null;
  asked: number;
}

function replicas(...names: string[]): Replica[] {
  return names.map((name) => ({ name, fails: null, asked: 0 }));
}

function setUp(...names: string[]): {
  all: Replica[];
  endpoints: Endpoints<Replica>;
  clock: { ms: number };
  use: (isRepeatable?: boolean) => Promise<string>;
} {
  const all = replicas(...names);
  const clock = { ms: 0 };
  const endpoints = new Endpoints(all, () => clock.ms);
  const ask = async (replica: Replica): Promise<string> => {
    replica.asked += 1;
    if (replica.fails) throw new StorageError(replica.fails, 'down');
    return Promise.resolve(replica.name);
  };
  return {
    all,
    endpoints,
    clock,
    use: async (isRepeatable = true) => endpoints.use(ask, isRepeatable),
  };
}

test('the first is used until it fails, then the next until that one fails', async () => {
  const { all, clock, use } = setUp('a', 'b');
  const [a, b] = all;
  expect(await use()).toBe('a');
  Object.assign(a ?? {}, { fails: 'unreachable' });
  expect(await use()).toBe('b');
  Object.assign(a ?? {}, { fails: null });
  clock.ms += 60_000;
  expect([await use(), await use()]).toEqual(['b', 'b']);
  Object.assign(b ?? {}, { fails: 'read_only' });
  expect(await use()).toBe('a');
});

test('what must not be repeated is not, but the next caller goes elsewhere', async () => {
  const { all, use } = setUp('a', 'b');
  Object.assign(all[0] ?? {}, { fails: 'unreachable' });
  expect(await rejection(use(false))).toMatchObject({ code: 'unreachable' });
  expect(all.map(({ asked }) => asked)).toEqual([1, 0]);
  expect(await use(false)).toBe('b');
});

test.each(['bad_data', 'too_many_parts', 'lease_expired', 'invalid_query', 'aborted'] as const)(
  '%s is no fault of the endpoint',
  async (code) => {
    const { all, endpoints, use } = setUp('a', 'b');
    Object.assign(all[0] ?? {}, { fails: code });
    expect(await rejection(use())).toMatchObject({ code });
    expect(all.map(({ asked }) => asked)).toEqual([1, 0]);
    expect(endpoints.status()[0]?.reason).toBeNull();
  },
);

test('when all fail the error names each, and each is asked once', async () => {
  const { all, use } = setUp('a', 'b', 'c');
  for (const replica of all) replica.fails = 'unreachable';
  const error = await rejection(use());
  expect(String(error)).toContain('a: down; b: down; c: down');
  expect(all.map(({ asked }) => asked)).toEqual([1, 1, 1]);
  // The only ones there are: not left alone.
  expect(await rejection(use())).toMatchObject({ code: 'unreachable' });
});

test('a ping brings one that failed back into the choice, and says who is away', async () => {
  const { all, endpoints, use } = setUp('a', 'b');
  const [a, b] = all;
  Object.assign(a ?? {}, { fails: 'unreachable' });
  await use();
  expect(endpoints.status()).toEqual([
    { url: 'a', isCurrent: false, reason: 'down' },
    { url: 'b', isCurrent: true, reason: null },
  ]);
  const ping = async (): Promise<void> =>
    endpoints.probe(async ({ fails }) => {
      if (fails) throw new StorageError(fails, 'no answer');
      return Promise.resolve();
    });
  await ping();
  expect(endpoints.status()[0]?.reason).toBe('no answer');
  Object.assign(a ?? {}, { fails: null });
  Object.assign(b ?? {}, { fails: 'unreachable' });
  await ping();
  expect(endpoints.status().map(({ reason }) => reason)).toEqual([null, 'no answer']);
  Object.assign(a ?? {}, { fails: 'unreachable' });
  expect(String(await rejection(ping()))).toContain('a: no answer; b: no answer');
});

test('the other replica is asked for a second opinion', async () => {
  const { all, endpoints } = setUp('a', 'b');
  expect(await endpoints.use(async ({ name }) => Promise.resolve(name), true, 'other')).toBe('b');
  expect(all).toHaveLength(2);
});
