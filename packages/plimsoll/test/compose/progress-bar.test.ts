import { describe, expect, test } from 'vitest';
import { progressBar } from '../../src/compose/progress-bar.ts';

function written(isTTY: boolean, shares: readonly number[]): string[] {
  const texts: string[] = [];
  const bar = progressBar({ isTTY, write: (text) => texts.push(text) }, 'Making history');
  for (const share of shares) bar.show(share);
  bar.end();
  return texts;
}

describe('progressBar', () => {
  test('draws over one line of a terminal and ends it', () => {
    const texts = written(true, [0, 0.5, 0.501, 1]);
    expect(texts).toHaveLength(4);
    expect(texts[1]).toMatch(/^\rMaking history \[█{15}░{15}\] {2}50 %/);
    expect(texts.at(-1)).toBe('\n');
  });

  test('writes a line for each tenth where nobody watches', () => {
    const shares = Array.from({ length: 101 }, (_, percent) => percent / 100);
    const texts = written(false, shares);
    expect(texts).toHaveLength(11);
    expect(texts.join('')).not.toContain('\r');
  });

  test('stays within its bounds', () => {
    expect(written(true, [-1, 7]).join('')).toMatch(/ {2}0 %.*100 %/s);
  });
});
