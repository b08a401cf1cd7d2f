import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DaemonVerdict,
  type Finding,
  type StuckLevel,
  type VerdictChange,
} from '../../../src/signals/daemon/daemon-verdict.ts';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20_260_131);
const good: Finding = { kind: 'healthy' };
const absent: Finding = { kind: 'absent', code: 'ENOENT' };
const unclear: Finding = { kind: 'unclear', reason: 'ECONNRESET' };
const bad = (level: StuckLevel = 'containerd'): Finding => ({
  kind: 'stuck',
  level,
  call: 'GET /info',
  containerId: '',
});

/** Looks one second apart. */
function changes(findings: readonly Finding[], verdict = new DaemonVerdict()): VerdictChange[] {
  return findings.flatMap((finding, index) => verdict.take(finding, index * 1000) ?? []);
}

describe('the verdict', () => {
  it('says stuck after three looks in a row, with what it began with', () => {
    expect(changes([good, bad(), bad(), bad(), bad()])).toEqual([
      {
        kind: 'stuck',
        previous: undefined,
        episode: {
          level: 'containerd',
          call: 'GET /info',
          containerId: '',
          sinceMs: 1000,
          lastGoodMs: 0,
        },
      },
    ]);
  });

  it('says nothing of what passes', () => {
    expect(changes([good, bad(), good, bad(), bad(), good, bad(), bad(), good])).toEqual([]);
  });

  it('says recovered after two good looks, with how long it took', () => {
    const told = changes([good, bad(), bad(), bad(), good, bad(), good, good]);
    expect(told.map(({ kind }) => kind)).toEqual(['stuck', 'recovered']);
    expect(told[1]).toMatchObject({ durationMs: 6000 });
  });

  it('says the level that is deeper once it is sure of it', () => {
    const first = [bad(), bad(), bad()];
    const then = [bad('frozen'), bad(), bad('frozen'), bad('frozen'), bad('frozen')];
    const told = changes([...first, ...then, good, good]);
    expect(told).toMatchObject([
      { kind: 'stuck', episode: { level: 'containerd', sinceMs: 0 } },
      {
        kind: 'stuck',
        episode: { level: 'frozen', sinceMs: 5000 },
        previous: { level: 'containerd' },
      },
      { kind: 'recovered', episode: { level: 'frozen' }, durationMs: 9000 },
    ]);
  });

  it('is not held up by a level that is not clear', () => {
    const told = changes([bad('daemon_lock'), bad(), bad('daemon_lock')]);
    expect(told).toMatchObject([{ kind: 'stuck', episode: { level: 'daemon_lock', sinceMs: 0 } }]);
  });

  it('takes a daemon that was ended for neither stuck nor recovered', () => {
    const verdict = new DaemonVerdict();
    expect(changes([good, absent, absent, absent, absent], verdict)).toEqual([]);
    expect(verdict.state).toBe('absent');
    expect(changes([bad(), bad(), absent, bad(), bad()])).toEqual([]);
    // Restarted because it was stuck: the episode ends when the new one is well.
    const told = changes([bad(), bad(), bad(), absent, absent, good, good]);
    expect(told.map(({ kind }) => kind)).toEqual(['stuck', 'recovered']);
  });

  it('counts a broken connection neither way', () => {
    expect(changes([bad(), unclear, bad(), unclear, bad()])).toHaveLength(1);
  });

  it('tells stuck and recovered by turns, whatever it is given', () => {
    const finding = fc.constantFrom(
      good,
      absent,
      unclear,
      bad(),
      bad('frozen'),
      bad('daemon_lock'),
    );
    fc.assert(
      fc.property(fc.array(finding, { maxLength: 60 }), (findings) => {
        const told = changes(findings);
        const isOpenBefore = told.map((_, index) => told[index - 1]?.kind === 'stuck');
        const closes = told.map(
          (change) => change.kind === 'recovered' || change.previous !== undefined,
        );
        expect(closes).toEqual(isOpenBefore);
        for (const change of told) {
          const duration = change.kind === 'recovered' ? change.durationMs : 1;
          expect(duration).toBeGreaterThan(0);
        }
      }),
      { seed },
    );
  });
});
