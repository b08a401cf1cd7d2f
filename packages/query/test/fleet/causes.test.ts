import type { AlertEntry } from '@plimsoll/model/api';
import { describe, expect, it } from 'vitest';
import { groupCauses } from '../../src/fleet/causes.ts';

function killed(labels: Record<string, string>): AlertEntry {
  return {
    fingerprint: JSON.stringify(labels),
    rule: 'oom_kill',
    state: 'firing',
    severity: 'critical',
    summary: 'told',
    description: '',
    labels: { host: 'node-1', ...labels },
    value: 1,
    threshold: 1,
    unit: 'count',
    active_at: 1000,
    firing_at: 1000,
    resolved_at: null,
    updated_at: 1000,
    evidence: {
      series: [],
      unit: 'count',
      limit: null,
      slope_per_second: null,
      time_left_seconds: null,
      time_left_low_seconds: null,
      time_left_high_seconds: null,
      since: null,
      confidence: null,
    },
  };
}

describe('causes', () => {
  it('calls a container that nobody named by its short id, and does not mix it with others', () => {
    const causes = groupCauses(
      [killed({ container_id: 'a'.repeat(64) }), killed({ container_id: 'b'.repeat(64) })],
      { replicasOf: () => 0 },
    );
    expect(causes.map((cause) => cause.title).sort()).toEqual([
      'aaaaaaaaaaaa was killed for want of memory',
      'bbbbbbbbbbbb was killed for want of memory',
    ]);
  });

  it('speaks of replicas only where there are several', () => {
    const labels = { container_id: 'a', container_name: 'search', image: 'shop/search:1' };
    const details = [1, 3].map(
      (replicas) => groupCauses([killed(labels)], { replicasOf: () => replicas })[0]?.detail,
    );
    expect(details).toEqual([
      'image shop/search:1, on node-1',
      '1 of 3 replicas, image shop/search:1, on node-1',
    ]);
  });

  it('puts the replicas of one service on one card', () => {
    const causes = groupCauses(
      [1, 2].map((replica) =>
        killed({ container_id: String(replica), container_name: `search-${replica}` }),
      ),
      { replicasOf: () => 3 },
    );
    expect(causes).toMatchObject([
      { title: 'search was killed for want of memory', affected: 2, replicas: 3 },
    ]);
  });
});
