import { rules, type Finding } from '@plimsoll/detect';
import type { Engine } from '@plimsoll/storage';
import { openTestEngine, type TestEngine } from '@plimsoll/storage/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../src/evaluate.ts';
import { insertRows, nowMs, tenant } from '../rows.ts';
import {
  collectorStats,
  containerStats,
  events,
  filesystemStats,
  hostStats,
  limit,
  targets,
} from './fleet.ts';

let engine: Engine;
let opened: TestEngine;

beforeAll(async () => {
  opened = await openTestEngine();
  ({ engine } = opened);
  await insertRows(engine, 'container_stats', containerStats());
  await insertRows(engine, 'events', events());
  await insertRows(engine, 'targets', targets());
  await insertRows(engine, 'host_stats', hostStats());
  await insertRows(engine, 'filesystem_stats', filesystemStats());
  await insertRows(engine, 'collector_stats', collectorStats());
}, 60_000);

afterAll(async () => opened[Symbol.asyncDispose]());

async function findingsOf(name: string, threshold?: number): Promise<Finding[]> {
  const rule = rules.find((one) => one.name === name);
  if (!rule) throw new Error(`no rule ${name}`);
  const result = await evaluate(threshold === undefined ? rule : { ...rule, threshold }, {
    engine,
    tenant,
    nowMs,
    monotonic: () => performance.now(),
    signal: new AbortController().signal,
  });
  if (!result.ok) throw new Error(result.error);
  return result.findings;
}

function names(findings: Finding[]): string[] {
  return findings
    .map((finding) => finding.labels['container_name'] ?? '')
    .toSorted((a, b) => a.localeCompare(b));
}

describe('memory_near_limit', () => {
  it('finds what cannot be reclaimed near the limit; not page cache, no limit, the past, the gone', async () => {
    const findings = await findingsOf('memory_near_limit');
    expect(names(findings)).toEqual(['full']);
    const [finding] = findings;
    expect(finding?.value).toBeCloseTo(0.95, 3);
    expect(finding?.evidence).toMatchObject({ unit: 'bytes', limit });
    expect(finding?.evidence.since).toBe(nowMs - 300_000);
    expect(finding?.evidence.series.length).toBeGreaterThan(5);
    expect(finding?.evidence.series.length).toBeLessThanOrEqual(61);
    expect(finding?.labels).toMatchObject({ host: 'h1', image: 'shop/full:1' });
    expect(Object.values(finding?.labels ?? {})).not.toContain('');
  });

  it('takes another threshold', async () => {
    expect(names(await findingsOf('memory_near_limit', 0.99))).toEqual([]);
    expect(names(await findingsOf('memory_near_limit', 0.3))).toEqual(['full', 'was-full']);
  });

  it('sees nothing of another tenant', async () => {
    const rule = rules[0];
    if (!rule) throw new Error('no rules');
    const scope = { tenant: 'another', nowMs, threshold: rule.threshold };
    const { sql, params } = rule.statement(scope);
    expect(await engine.select(sql, { params })).toEqual([]);
  });
});

describe('pids_near_limit', () => {
  it('finds what is near its limit, not what has none', async () => {
    expect(names(await findingsOf('pids_near_limit'))).toEqual(['full']);
  });
});

describe('cpu_throttled', () => {
  it('finds what waits for its quota, not the idle nor what started anew', async () => {
    const findings = await findingsOf('cpu_throttled');
    expect(names(findings)).toEqual(['throttled', 'throttled-seldom-looked-at']);
    for (const { value, description, evidence } of findings) {
      expect(value).toBeCloseTo(0.6, 1);
      expect(description).toContain('0.5 cores');
      // A minute of which nothing is known yet is no minute without throttling.
      expect(evidence.series.length).toBeGreaterThanOrEqual(14);
      for (const [, ratio] of evidence.series) expect(ratio).toBeCloseTo(0.6, 1);
    }
    const [often, seldom] = findings.map((finding) => /waited (\d+) s/.exec(finding.description));
    expect(Math.abs(Number(often?.[1]) - Number(seldom?.[1]))).toBeLessThanOrEqual(20);
  });
});

describe('oom_kill', () => {
  it('finds kills by event, also of what is gone, and by counter; each once', async () => {
    const findings = await findingsOf('oom_kill');
    expect(names(findings)).toEqual(['killed-and-gone', 'killed-by-counter', 'new-life']);
    const kills = new Map(findings.map((one) => [one.labels['container_name'], one.value]));
    expect(kills.get('killed-and-gone')).toBe(1);
    expect(kills.get('killed-by-counter')).toBe(2);
    const gone = findings.find((one) => one.labels['container_name'] === 'killed-and-gone');
    expect(gone?.description).toContain('java');
  });
});

describe('restart_loop', () => {
  it('finds deaths in quick succession by event and by counter', async () => {
    const findings = await findingsOf('restart_loop');
    expect(names(findings)).toEqual(['looping', 'looping-by-counter']);
    const byName = new Map(findings.map((one) => [one.labels['container_name'], one]));
    expect(byName.get('looping')?.value).toBe(4);
    expect(byName.get('looping')?.description).toContain('139');
    expect(byName.get('looping-by-counter')?.value).toBe(3);
  });
});

describe('unhealthy', () => {
  it('finds what is unhealthy now and still there', async () => {
    const findings = await findingsOf('unhealthy');
    expect(names(findings)).toEqual(['sick']);
    expect(findings[0]?.value).toBe(4);
  });
});

describe('disk_nearly_full', () => {
  it('finds each full disk once, with the time until it is full', async () => {
    const findings = await findingsOf('disk_nearly_full');
    expect(
      findings.map((one) => `${one.labels['host']} ${one.labels['mountpoint']}`).sort(),
    ).toEqual(['h1 (container runtime)', 'h2 /data']);
    const data = findings.find((one) => one.labels['mountpoint'] === '/data');
    expect((data?.evidence.time_left_seconds ?? 0) / 3600).toBeCloseTo(5, 0);
    expect(data?.summary).toMatch(/^disk \/data on h2 is 95 % used, full in about /);
    const root = findings.find((one) => one.labels['host'] === 'h1');
    expect(root?.evidence.time_left_seconds).toBeNull();
  });
});

describe('inodes_nearly_full', () => {
  it('finds a filesystem without inodes that has space', async () => {
    const findings = await findingsOf('inodes_nearly_full');
    expect(findings.map((one) => one.labels['mountpoint'])).toEqual(['/mail']);
  });
});

describe('collector_silent', () => {
  it('finds hosts that stopped reporting within the last day', async () => {
    const findings = await findingsOf('collector_silent');
    expect(findings.map((one) => [one.labels['host'], one.value])).toEqual([['quiet', 90]]);
  });
});

describe('log_flood', () => {
  it('finds what writes too much now, from the size of its files', async () => {
    const findings = await findingsOf('log_flood');
    expect(names(findings)).toEqual(['floods']);
    expect((findings[0]?.value ?? 0) / 1024).toBeGreaterThan(350);
    expect((findings[0]?.value ?? 0) / 1024).toBeLessThan(420);
  });
});

describe('container_log_loss', () => {
  it('counts what was lost within the window, through a restart of the collector', async () => {
    const findings = await findingsOf('container_log_loss');
    expect(findings.map((one) => [one.labels['host'], one.value])).toEqual([['loses', 6]]);
    expect(findings[0]?.description).toContain('rotated_away_bytes 6');
  });
});
