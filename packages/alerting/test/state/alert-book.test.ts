import { rules, type Rule } from '@plimsoll/detect';
import { describe, expect, it } from 'vitest';
import { AlertBook } from '../../src/state/alert-book.ts';
import { findingOf } from '../finding.ts';

const rule: Rule = { ...(rules[0] as Rule), forMs: 0 };
const time = (nowMs: number) => ({ nowMs, elapsedMs: 15_000 });
const nobody = new Set<string>();

describe('AlertBook', () => {
  it('keeps the alerts of a silent host, and resolves those of others', () => {
    const book = new AlertBook();
    const findings = [findingOf('a', { host: 'quiet' }), findingOf('b', { host: 'loud' })];
    book.apply(rule, { findings, silentHosts: nobody, time: time(1000) });
    const silentHosts = new Set(['quiet']);
    for (const nowMs of [2000, 3000, 4000]) {
      book.apply(rule, { findings: [], silentHosts, time: time(nowMs) });
    }
    expect(book.active().map((alert) => alert.fingerprint)).toEqual(['a']);
  });

  it('stores an unchanged alert again only after a minute', () => {
    const book = new AlertBook();
    const findings = [findingOf('a')];
    const changed = [0, 15, 30, 45, 60, 75].map(
      (second) =>
        book.apply(rule, { findings, silentHosts: nobody, time: time(1000 + second * 1000) })
          .changed.length,
    );
    expect(changed).toEqual([1, 0, 0, 0, 1, 0]);
  });

  it('takes the same fingerprint twice in one evaluation as one', () => {
    const book = new AlertBook();
    const findings = [findingOf('a'), findingOf('a')];
    const outcome = book.apply(rule, { findings, silentHosts: nobody, time: time(1) });
    expect(outcome.transitions).toHaveLength(1);
  });

  it('ends the alerts of rules that are off', () => {
    const book = new AlertBook();
    book.apply(rule, { findings: [findingOf('a')], silentHosts: nobody, time: time(1000) });
    const outcome = book.retire(new Set(['another']), 2000);
    expect(outcome.transitions.map(({ to }) => to)).toEqual(['resolved']);
    expect(book.active()).toEqual([]);
  });
});
