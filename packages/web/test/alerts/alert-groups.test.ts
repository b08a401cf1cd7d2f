import { describe, expect, test } from 'vitest';
import type { AlertEntry } from '@plimsoll/model/api';
import { groupAlerts } from '../../src/alerts/alert-groups.ts';
import { evidenceFacts, slopeText } from '../../src/alerts/evidence-facts.ts';

const evidence: AlertEntry['evidence'] = {
  series: [],
  unit: 'bytes',
  limit: null,
  slope_per_second: null,
  time_left_seconds: null,
  time_left_low_seconds: null,
  time_left_high_seconds: null,
  since: null,
  confidence: null,
};

function alert(parts: Partial<AlertEntry>): AlertEntry {
  return {
    fingerprint: 'f',
    rule: 'r',
    state: 'firing',
    severity: 'warning',
    summary: '',
    description: '',
    labels: {},
    value: 0,
    threshold: 0,
    unit: 'bytes',
    active_at: 0,
    firing_at: 0,
    resolved_at: null,
    updated_at: 0,
    evidence,
    ...parts,
  };
}

describe('alerts', () => {
  test('are grouped by rule, what fires and is critical first, then the least time left', () => {
    const groups = groupAlerts(
      [
        alert({ rule: 'a', fingerprint: '1', state: 'pending' }),
        alert({ rule: 'b', fingerprint: '2', evidence: { ...evidence, time_left_seconds: 900 } }),
        alert({ rule: 'b', fingerprint: '3', evidence: { ...evidence, time_left_seconds: 60 } }),
        alert({ rule: 'c', fingerprint: '4', severity: 'critical' }),
      ],
      [],
    );
    expect(groups.map((group) => group.rule)).toEqual(['c', 'b', 'a']);
    expect(groups[1]?.alerts.map((item) => item.fingerprint)).toEqual(['3', '2']);
    expect(groups[1]?.counts).toEqual({ firing: 2, pending: 0, resolved: 0 });
  });

  test('tell their slope in the unit that says most', () => {
    expect(slopeText((3.2 * 1024 ** 2) / 3600, 'bytes')).toBe('+3.2\u00a0MiB an hour');
    expect(slopeText(0.5 / 3600, 'count')).toBe('+12 a day');
  });

  test('have their facts in the order of use', () => {
    const facts = evidenceFacts(
      { ...evidence, slope_per_second: 1024, limit: 1024 ** 3, confidence: 0.98 },
      0,
    );
    expect(facts).toEqual(['+3.52\u00a0MiB an hour', 'limit 1\u00a0GiB', 'confidence 98\u00a0%']);
  });
});
