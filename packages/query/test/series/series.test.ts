import type { ContainerSeries, HostSeries } from '@plimsoll/model/api';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  containerId,
  containerLabels,
  containerStats,
  getJson,
  hostStats,
  now,
  openFixture,
  type Fixture,
} from '../support/fixture.ts';

const minute = 60_000;
/** A whole hour, so that steps of a minute fall on it. */
const start = Math.floor((now - 3 * 3_600_000) / 3_600_000) * 3_600_000;
const restart = start + 20 * minute;
let fixture: Fixture;
let app: FastifyInstance;

beforeAll(async () => {
  fixture = await openFixture();
  app = await fixture.serve();
  const labels = containerLabels('steady-1');
  const rows: object[] = [];
  for (let at = start; at < start + 40 * minute; at += 10_000) {
    const seconds = (at - start) / 1000;
    // Ten minutes without samples.
    if (at >= start + 28 * minute && at < start + 38 * minute) continue;
    const life = at < restart ? start : restart;
    const inLife = (at - life) / 1000;
    rows.push(
      containerStats(at, labels, {
        started_at: life,
        cpu_usage_seconds_total: inLife * 0.5,
        cpu_periods_total: inLife * 10,
        cpu_throttled_periods_total: inLife * 2,
        memory_usage_bytes: at % minute === 0 ? 160 : 100,
        memory_limit_bytes: at < start + 10 * minute ? 1000 : 2000,
        network_receive_bytes_total: inLife * 100,
        io_pressure_waiting_seconds_total: inLife * 0.25,
        restarts_total: at < restart ? 1 : 2,
        pids_current: seconds < 600 ? null : 7,
      }),
    );
  }
  await fixture.insert('container_stats', rows);
  await fixture.insert(
    'host_stats',
    Array.from({ length: 60 }, (_, index) =>
      hostStats(start + index * 10_000, 'node-1', {
        cpu_cores: 4,
        cpu_user_seconds_total: index * 15,
        cpu_system_seconds_total: index * 5,
        cpu_idle_seconds_total: index * 20,
        load1: 2,
      }),
    ),
  );
});

afterAll(async () => fixture.close());

async function series(query = ''): Promise<ContainerSeries> {
  const range = `from=${start}&to=${start + 40 * minute}`;
  return getJson<ContainerSeries>(
    app,
    `containers/${containerId('steady-1')}/series?${range}&points=41${query}`,
  );
}

function values(
  points: readonly (readonly [number, number | null])[] | undefined,
): (number | null)[] {
  return (points ?? []).map(([, value]) => value);
}

describe('series of a container', () => {
  it('have steps on round marks of the clock', async () => {
    const { step_seconds: step, series: all } = await series();
    expect(step).toBe(60);
    for (const points of Object.values(all)) {
      expect(points.map(([time]) => time)).toEqual(
        Array.from({ length: 40 }, (_, index) => start + index * minute),
      );
    }
  });

  it('are rates of counters: exact, unmoved by restarts, null over gaps', async () => {
    const { series: all } = await series();
    for (const [name, rate] of [
      ['cpu_cores', 0.5],
      ['throttled_ratio', 0.2],
      ['network_receive_bytes_per_second', 100],
      ['io_pressure_waiting_ratio', 0.25],
    ] as const) {
      const rounded = values(all[name]).map((value) => value && Math.round(value * 1e9) / 1e9);
      expect([name, rounded]).toEqual([
        name,
        Array.from({ length: 40 }, (_, index) => (index >= 28 && index < 38 ? null : rate)),
      ]);
    }
  });

  it('count a restart once, in its step', async () => {
    const { series: all } = await series();
    const restarts = values(all['restarts_per_second']);
    expect(restarts[20]).toBeCloseTo(1 / 60, 9);
    expect(restarts.filter((value) => value !== null && value > 0)).toHaveLength(1);
  });

  it('are averages of gauges, with the greatest of memory beside', async () => {
    const { series: all } = await series();
    expect(values(all['memory_usage_bytes'])[0]).toBe(110);
    expect(values(all['memory_usage_bytes_max'])[0]).toBe(160);
    expect(values(all['memory_usage_bytes'])[30]).toBeNull();
    expect(values(all['pids_current']).slice(9, 11)).toEqual([null, 7]);
  });

  it('show a change of limit as a step, and leave out what was never measured', async () => {
    const { series: all } = await series();
    expect(values(all['memory_limit_bytes']).slice(8, 12)).toEqual([1000, 1000, 2000, 2000]);
    expect(all['memory_anon_bytes']).toBeUndefined();
  });

  it('come alone when asked for by name', async () => {
    const { series: some } = await series(
      '&names=cpu_cores&names=throttled_ratio&names=memory_usage_bytes_max',
    );
    expect(Object.keys(some).toSorted()).toEqual([
      'cpu_cores',
      'memory_usage_bytes_max',
      'throttled_ratio',
    ]);
  });

  it('are never more steps than asked for', async () => {
    for (const points of [2, 10, 37, 300, 2000]) {
      const { series: all, step_seconds: step } = await getJson<ContainerSeries>(
        app,
        `containers/${containerId('steady-1')}/series?from=${start + 1234}&to=${start + 40 * minute}&points=${points}`,
      );
      expect(all['cpu_cores']?.length).toBeLessThanOrEqual(points);
      expect(step).toBeGreaterThanOrEqual(15);
    }
  });

  it('are empty for a container nobody knows, whatever its id', async () => {
    for (const id of ['nobody', "' OR 1=1 --", '\\', "\\' OR 1=1 --"]) {
      const answer = await getJson<ContainerSeries>(
        app,
        `containers/${encodeURIComponent(id)}/series`,
      );
      expect(answer.series).toEqual({});
    }
  });
});

it('series of a host count cores at work', async () => {
  const { series: all } = await getJson<HostSeries>(
    app,
    `hosts/node-1/series?from=${start}&to=${start + 10 * minute}&points=11`,
  );
  expect(values(all['cpu_used_cores']).slice(1, 9)).toEqual(Array.from({ length: 8 }, () => 2));
  expect(values(all['cpu_idle_cores'])[1]).toBe(2);
  expect(values(all['cpu_cores'])[1]).toBe(4);
  expect(values(all['load1'])[1]).toBe(2);
});
