import { expect, it } from 'vitest';
import { SharedValue } from '../../src/fleet/shared-value.ts';

it('loads once for all who ask meanwhile, and again when it is stale', async () => {
  let clock = 0;
  let loads = 0;
  const shared = new SharedValue(
    async () => {
      loads++;
      return loads;
    },
    100,
    () => clock,
  );
  expect(await Promise.all([shared.get(), shared.get(), shared.get()])).toEqual([1, 1, 1]);
  clock = 100;
  expect(await shared.get()).toBe(1);
  clock = 101;
  expect(await shared.get()).toBe(2);
});

it('tells a failure to those who waited and tries anew for the next', async () => {
  let fails = true;
  const shared = new SharedValue(async () => {
    if (fails) throw new Error('no store');
    return 'well';
  }, 100);
  const both = await Promise.allSettled([shared.get(), shared.get()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fails = false;
  expect(await shared.get()).toBe('well');
});
