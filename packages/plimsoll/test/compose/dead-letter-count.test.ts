import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { ManualClock } from '@plimsoll/runtime';
import { DeadLetterCount } from '../../src/compose/dead-letter-count.ts';

test('counts frames and not their reasons, and nothing where there is no folder', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'plimsoll-letters-')), 'dead-letters');
  const count = new DeadLetterCount(folder, new ManualClock());
  await count.refresh();
  expect(count.get()).toBe(0);
  mkdirSync(folder);
  for (const name of ['direct-1.frame', 'direct-1.reason', 'direct-2.frame', '.x.1.2.tmp']) {
    writeFileSync(join(folder, name), '');
  }
  await count.refresh();
  expect(count.get()).toBe(2);
  rmSync(folder, { recursive: true });
  await count.refresh();
  expect(count.get()).toBe(0);
});

test('counts again when it is asked after ten seconds', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-letters-'));
  const clock = new ManualClock();
  const count = new DeadLetterCount(folder, clock);
  await count.refresh();
  writeFileSync(join(folder, 'direct-1.frame'), '');
  await clock.advance(10_000);
  count.get();
  await sleep(50);
  expect(count.get()).toBe(0);
  await clock.advance(1);
  await vi.waitFor(() => expect(count.get()).toBe(1), { timeout: 10_000 });
});
