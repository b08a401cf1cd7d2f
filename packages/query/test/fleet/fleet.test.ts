import type { ContainerList, FleetSummary, FleetTanks, HostList } from '@plimsoll/model/api';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containerId, getJson, now, openFixture, type Fixture } from '../support/fixture.ts';
import { MiB, seeded, seedFleet } from '../support/seed-fleet.ts';

let fixture: Fixture;
let app: FastifyInstance;

beforeAll(async () => {
  fixture = await openFixture();
  app = await fixture.serve({ status: () => ({ deadLetters: 7 }) });
  await seedFleet(fixture);
});

afterAll(async () => fixture.close());

describe('the grid', () => {
  it('gives each container its state and why, worst first', async () => {
    const { tanks, total, truncated } = await getJson<FleetTanks>(app, 'fleet/tanks');
    expect({ total, truncated }).toEqual({ total: seeded.length, truncated: false });
    expect(tanks.map(({ name, state, why }) => [name, state, why])).toEqual([
      ['full-1', 'over', 'memory at 98 % of its limit'],
      ['killed-1', 'over', 'killed for want of memory'],
      ['leaky-1', 'leaking', 'leaking, 2 h left'],
      ['leaky-2', 'leaking', 'leaking, 25 h left'],
      ['forks-1', 'near', 'processes at 95 % of their limit'],
      ['close-1', 'near', 'memory at 90 % of its limit'],
      ['slow-1', 'near', 'CPU throttled 30 % of the time'],
      ['sick-1', 'near', 'unhealthy'],
      ['below-1', 'within', ''],
      ['steady-1', 'within', ''],
      ['calm-1', 'within', ''],
      ['free-1', 'within', ''],
    ]);
  });

  it('shows the newest values and rates', async () => {
    const { tanks } = await getJson<FleetTanks>(app, 'fleet/tanks');
    expect(tanks.find(({ name }) => name === 'slow-1')).toEqual({
      id: containerId('slow-1'),
      host: 'node-1',
      name: 'slow-1',
      image: 'shop/checkout:2.41.0',
      service: 'slow',
      state: 'near',
      mem: 10 * MiB,
      mem_limit: 100 * MiB,
      cpu: 1,
      cpu_limit: 2,
      throttled: 0.3,
      pids: 5,
      pids_limit: 100,
      worst: 0.5,
      why: 'CPU throttled 30 % of the time',
    });
  });
});

describe('the summary', () => {
  it('adds up', async () => {
    const fleet = await getJson<FleetSummary>(app, 'fleet');
    expect(fleet).toMatchObject({
      hosts: 3,
      hosts_silent: 1,
      containers_running: 12,
      containers_change_1h: 10,
      memory_used_bytes: (10 + 98 + 90 + 89 + 10 + 10 + 10 + 10 + 10 + 50 + 40 + 500) * MiB,
      memory_total_bytes: 1500,
      cpu_used_cores: 2.5,
      cpu_total_cores: 12,
      containers_over: 2,
      containers_near: 4,
      leaking_causes: 1,
      leaking_containers: 2,
      first_to_run_out: {
        title: 'the disk /var of node-1 is nearly full',
        seconds: 3600,
        low_seconds: 1800,
        high_seconds: 7200,
      },
    });
  });

  it('has one card per cause, soonest first', async () => {
    const { causes } = await getJson<FleetSummary>(app, 'fleet');
    expect(
      causes.map(({ title, state, affected, replicas }) => [title, state, affected, replicas]),
    ).toEqual([
      ['killed was killed for want of memory', 'over', 1, 1],
      ['the disk /var of node-1 is nearly full', 'over', 0, 0],
      ['leaky leaks memory', 'leaking', 2, 2],
    ]);
    expect(causes[2]).toMatchObject({
      detail: '2 of 2 replicas, image shop/checkout:2.41.0, on node-1',
      since: now - 3_600_000,
      time_left_seconds: 7300,
      container_ids: [containerId('leaky-1'), containerId('leaky-2')].toSorted(),
      host: 'node-1',
      evidence: {
        limit: 100,
        series: [
          [now - 10_000, 1],
          [now, 2],
        ],
      },
    });
  });

  it('says what was lost, and who does not report', async () => {
    const { pipeline } = await getJson<FleetSummary>(app, 'fleet');
    expect(pipeline).toEqual({
      data_age_seconds: 0,
      // 3,000 lines in the minute before the collector started again.
      lines_per_second: 50,
      lines_stored: 0,
      records_lost: 12,
      lost_by_reason: { rotated_away_bytes: 11, too_long: 1 },
      collectors_reporting: 2,
      collectors_known: 3,
      log_lag_bytes: 2048,
      log_lag_seconds: 1.5,
      runtimes_missing: [{ host: 'node-3', status: 'unreachable' }],
      dead_letters: 7,
    });
  });

  it('is empty and well-formed without a single row', async () => {
    const server = await fixture.serve({ config: { tenant: 'nobody' } });
    const fleet = await getJson<FleetSummary>(server, 'fleet');
    expect(fleet).toMatchObject({
      hosts: 0,
      containers_running: 0,
      containers_change_1h: 0,
      first_to_run_out: null,
      causes: [],
      pipeline: { data_age_seconds: null, records_lost: 0 },
    });
    expect((await getJson<FleetTanks>(server, 'fleet/tanks')).tanks).toEqual([]);
    expect((await getJson<ContainerList>(server, 'containers')).items).toEqual([]);
  });
});

describe('hosts', () => {
  it('shows each host against its limits', async () => {
    const { items } = await getJson<HostList>(app, 'hosts');
    expect(items.map(({ host, silent }) => [host, silent])).toEqual([
      ['node-1', false],
      ['node-2', true],
      ['node-3', false],
    ]);
    expect(items[0]).toMatchObject({
      containers_running: 12,
      cpu: { used: 2, limit: 8, ratio: 0.25 },
      memory: { used: 750, limit: 1000, ratio: 0.75 },
      threads: { used: 100, limit: 1000, ratio: 0.1 },
      disk: { used: 450, limit: 500, ratio: 0.9 },
      conntrack: { used: null, limit: 0, ratio: null },
      load1: 1.5,
      kernel: '6.18.0',
      log_lag_bytes: 2048,
    });
  });
});
