import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rules } from '../src/index.ts';

const folder = new URL('../../../docs/runbooks/', import.meta.url);

describe('runbooks', () => {
  it.each(rules.map((rule) => rule.name))(
    '%s has a page: meaning, confirmation, remedy',
    (name) => {
      const text = readFileSync(new URL(`${name}.md`, folder), 'utf8');
      expect(text).toMatch(new RegExp(`^# .*\`${name}\``));
      for (const heading of ['## What it means', '## How to confirm', '## What to do']) {
        expect(text).toContain(heading);
      }
    },
  );

  it('are not kept for rules that are gone', () => {
    const known = new Set(rules.map((rule) => `${rule.name}.md`));
    const stray = readdirSync(folder).filter((file) => file.endsWith('.md') && !known.has(file));
    expect(stray.filter((file) => file !== 'README.md')).toEqual([]);
  });
});
