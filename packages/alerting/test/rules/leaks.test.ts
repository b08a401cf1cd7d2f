import { rules, type Finding } from '@plimsoll/detect';
import type { Engine } from '@plimsoll/storage';
import { openTestEngine, type TestEngine } from '@plimsoll/storage/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../src/evaluate.ts';
import { insertRows, nowMs, samples, tenant } from '../rows.ts';

const MiB = 1024 * 1024;
const limit = 1024 * MiB;
const hour = 3600;

let engine: Engine;
let opened: TestEngine;

beforeAll(async () => {
  opened = await openTestEngine();
  ({ engine } = opened);
  await insertRows(engine, 'container_stats', fleet());
}, 60_000);

afterAll(async () => opened[Symbol.asyncDispose]());

function life(name: string, hours: number, values: (age: number) => Record<string, number>) {
  const age = hours * hour;
  return samples({
    name,
    from: age,
    started: age,
    step: hours > 5 ? 60 : 15,
    values: (ago) => ({
      memory_limit_bytes: limit,
      file_descriptors: 40,
      file_descriptors_limit: 1024,
      threads: 12,
      pids_limit: 500,
      memory_unreclaimable_bytes: 200 * MiB,
      cpu_usage_seconds_total: (age - ago) * 0.5,
      ...values(age - ago),
    }),
  });
}

function fleet() {
  return [
    ...life('leak-fast', 1, (age) => ({
      memory_unreclaimable_bytes: Math.round((200 + (age / 60) * 6) * MiB),
    })),
    ...life('leak-slow', 48, (age) => ({
      memory_unreclaimable_bytes: Math.round((300 + (age / hour) * 8) * MiB),
    })),
    ...life('leak-under-gc', 12, (age) => ({
      memory_unreclaimable_bytes: Math.round(
        (200 + (age / hour) * 40 + ((age % 600) / 600) * 150) * MiB,
      ),
    })),
    ...life('leak-fds', 6, (age) => ({ file_descriptors: 40 + Math.floor(age / 60) })),
    ...life('leak-threads', 6, (age) => ({ threads: 12 + Math.floor(age / 120) })),
    ...life('page-cache', 6, (age) => ({ memory_usage_bytes: 200 * MiB + age * 30_000 })),
    ...life('warm-up', 3, (age) => ({
      memory_unreclaimable_bytes: Math.round((200 + 300 * (1 - Math.exp(-age / 1500))) * MiB),
    })),
    ...life('step', 6, (age) => ({
      memory_unreclaimable_bytes: (age < 3 * hour ? 200 : 500) * MiB,
    })),
    ...life('gc', 12, (age) => ({
      memory_unreclaimable_bytes: Math.round((200 + ((age % 1200) / 1200) * 400) * MiB),
    })),
    ...life('daily', 58, (age) => ({
      memory_unreclaimable_bytes: Math.round(
        (400 - 200 * Math.cos((2 * Math.PI * age) / 86_400)) * MiB,
      ),
    })),
    ...life('ramp-over', 8, (age) => ({
      memory_unreclaimable_bytes: Math.round((200 + Math.min(age, 5 * hour) / 60) * MiB),
    })),
    ...life('young', 0.23, (age) => ({ memory_unreclaimable_bytes: 200 * MiB + age * MiB })),
    // Leaked through its life before, and was started anew twenty minutes ago.
    ...samples({
      name: 'restarted',
      from: 6 * hour,
      to: 1200,
      started: 6 * hour,
      step: 60,
      values: (ago) => ({
        memory_limit_bytes: limit,
        memory_unreclaimable_bytes: 200 * MiB + (6 * hour - ago) * 30_000,
      }),
    }),
    ...life('restarted', 0.33, () => ({ memory_unreclaimable_bytes: 200 * MiB })),
  ];
}

async function findingsOf(name: string): Promise<Finding[]> {
  const rule = rules.find((one) => one.name === name);
  if (!rule) throw new Error(`no rule ${name}`);
  const monotonic = () => performance.now();
  const signal = new AbortController().signal;
  const result = await evaluate(rule, { engine, tenant, nowMs, monotonic, signal });
  if (!result.ok) throw new Error(result.error);
  return result.findings;
}

describe('leak rules over the whole fleet', () => {
  it('memory: finds the leaks and nothing else, with time left and evidence', async () => {
    const findings = await findingsOf('memory_leak');
    const byName = new Map(findings.map((one) => [one.labels['container_name'], one]));
    expect(new Set(byName.keys())).toEqual(new Set(['leak-fast', 'leak-slow', 'leak-under-gc']));
    const slow = byName.get('leak-slow')?.evidence;
    expect((slow?.time_left_seconds ?? 0) / hour).toBeGreaterThan(38);
    expect((slow?.time_left_seconds ?? 0) / hour).toBeLessThan(48);
    expect((slow?.slope_per_second ?? 0) / (8 * MiB)).toBeCloseTo(1 / hour, 5);
    for (const { evidence, labels, summary } of findings) {
      expect(labels).toMatchObject({ host: 'h1', image: `shop/${labels['container_name']}:1` });
      expect(evidence).toMatchObject({ unit: 'bytes', limit });
      expect(evidence.series.length).toBeGreaterThan(10);
      expect(evidence.series.length).toBeLessThanOrEqual(60);
      expect(evidence.confidence).toBeGreaterThan(0.7);
      expect(summary).toMatch(/ leaks memory: .* left$/);
    }
  });

  it('descriptors and threads: each finds its own', async () => {
    const descriptors = await findingsOf('file_descriptor_leak');
    expect(descriptors.map((one) => one.labels['container_name'])).toEqual(['leak-fds']);
    const threads = await findingsOf('thread_leak');
    expect(threads.map((one) => one.labels['container_name'])).toEqual(['leak-threads']);
    expect(threads[0]?.evidence).toMatchObject({ unit: 'count', limit: 500 });
  });
});
