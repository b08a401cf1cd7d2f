import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkClock, checkSynchronisation } from '../../src/doctor/check-clock.ts';

const now = Date.UTC(2026, 0, 31, 12, 0, 0, 0);
const read = (theirs: number, from = now, to = now + 20) =>
  checkClock({ date: new Date(theirs).toUTCString(), from, to, of: 'ClickHouse' });

test.each([
  ['the same', now],
  ['a fraction of a second off, which the header has not', now - 999],
  ['within the tolerance', now + 2000],
])('a clock that is %s agrees', (_, theirs) => {
  expect(read(theirs)).toMatchObject({ level: 'ok' });
});

test.each([
  ['ahead of', now - 60_000, '59 s ahead of that of ClickHouse'],
  ['behind', now + 60_000, '60 s behind that of ClickHouse'],
])('a clock that is %s the other is told', (_, theirs, message) => {
  expect(read(theirs)).toMatchObject({ level: 'warn', message });
});

test('an answer that took long says less, and blames nobody', () => {
  expect(read(now + 25_000, now, now + 30_000)).toMatchObject({ level: 'ok' });
});

test('a date that is none says nothing', () => {
  const finding = checkClock({ date: 'yesterday', from: now, to: now, of: 'it' });
  expect(finding).toMatchObject({ level: 'ok', message: 'it does not tell its time' });
});

test('the host says who keeps its clock', () => {
  const root = mkdtempSync(join(tmpdir(), 'plimsoll-clock-'));
  expect(checkSynchronisation(root)).toMatchObject({ level: 'warn' });
  mkdirSync(join(root, 'run/chrony'), { recursive: true });
  expect(checkSynchronisation(root)).toMatchObject({ level: 'ok' });
  mkdirSync(join(root, 'run/systemd/timesync'), { recursive: true });
  writeFileSync(join(root, 'run/systemd/timesync/synchronized'), '');
  expect(checkSynchronisation(root).message).toContain('systemd-timesyncd');
  rmSync(root, { recursive: true });
});
