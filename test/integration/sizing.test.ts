/** docs/sizing.md is held to its own constants. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fleets, readConstants, size, worked } from '@plimsoll/infra/sizing';
import { expect, test } from 'vitest';

const document = readFileSync(join(import.meta.dirname, '../../docs/sizing.md'), 'utf8');
const constants = readConstants(document);

test('the worked table follows from the constants (node infra/sizing/main.ts writes it)', () => {
  const part = /<!-- worked -->([^]*?)<!-- end of worked -->/.exec(document)?.[1] ?? '';
  const rows = part
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|\s*-/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(rows).toEqual(worked(constants, fleets));
});

test('what a fleet needs grows with it, and never below what one host needs', () => {
  const figure = (containers: number, name: string): number => {
    const found = size(constants, { hosts: containers / 30, containers });
    const [, text = ''] = found.find(([row]) => row === name) ?? [];
    return Number(text.replaceAll(',', ''));
  };
  expect(figure(300_000, 'rows of statistics a second')).toBeCloseTo(
    1000 * figure(300, 'rows of statistics a second'),
    -3,
  );
  expect(figure(300, 'ingest replicas of one core')).toBe(2);
  expect(figure(300, 'partitions of each topic')).toBe(12);
});
