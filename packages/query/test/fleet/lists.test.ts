import type {
  AlertList,
  ContainerDetail,
  ContainerList,
  EventPage,
  FindResults,
} from '@plimsoll/model/api';
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

describe('containers', () => {
  it.each([
    ['sort=memory&limit=3', ['free-1', 'full-1', 'close-1']],
    ['sort=name&limit=2', ['below-1', 'calm-1']],
    ['sort=throttled&limit=2', ['slow-1', 'steady-1']],
    ['state=leaking', ['leaky-1', 'leaky-2']],
    ['q=LEAKY', ['leaky-1', 'leaky-2']],
    ['q=checkout+slow', ['slow-1']],
    ['service=killed', ['killed-1']],
    ['host=elsewhere', []],
    [`q=${encodeURIComponent("'; DROP TABLE targets; --")}`, []],
  ])('%s', async (query, expected) => {
    const { items } = await getJson<ContainerList>(app, `containers?${query}`);
    expect(items.map(({ name }) => name)).toEqual(expected);
  });

  it.each(['worst', 'memory', 'cpu', 'throttled', 'pids', 'file_descriptors', 'restarts', 'name'])(
    'pages through all of them by %s',
    async (sort) => {
      const whole = await getJson<ContainerList>(app, `containers?sort=${sort}`);
      expect(whole.total).toBe(seeded.length + 1);
      const names: string[] = [];
      let next: string | null = '';
      while (next !== null) {
        const page: ContainerList = await getJson<ContainerList>(
          app,
          `containers?sort=${sort}&limit=3${next === '' ? '' : `&cursor=${next}`}`,
        );
        names.push(...page.items.map(({ name }) => name));
        next = page.next;
      }
      expect(names).toEqual(whole.items.map(({ name }) => name));
    },
  );

  it('lists one that ended as what it is', async () => {
    const { items } = await getJson<ContainerList>(app, 'containers?q=ended');
    expect(items).toMatchObject([
      {
        name: 'ended-1',
        runtime_state: 'exited',
        memory_unreclaimable_bytes: null,
        state: 'within',
      },
    ]);
  });

  it('tells everything of one', async () => {
    const detail = await getJson<ContainerDetail>(app, `containers/${containerId('calm-1')}`);
    expect(detail).toMatchObject({
      name: 'calm-1',
      pid: 4242,
      labels: { team: 'shop' },
      restart_count: 3,
      privileged: false,
      oom_killed: false,
      memory_usage_bytes: 15 * MiB,
      network_receive_bytes_per_second: 100,
      cpu_cores: 0.5,
      file_descriptors: 20,
    });
    expect(detail).toMatchObject({
      image_digest: 'sha256:def',
      owner: 'StatefulSet/calm-1',
      depends_on: ['db'],
      network_mode: 'bridge',
      security: { seccomp: 'default', actual_seccomp: 'filter' },
    });
    expect(detail.values['file_descriptors']).toBe(20);
    expect(detail.values['memory_usage_bytes']).toBe(15 * MiB);
    expect(detail.values['memory_anon_bytes']).toBeNull();
  });

  it('still knows one that left the lists', async () => {
    const detail = await getJson<ContainerDetail>(app, `containers/${containerId('long-gone-1')}`);
    expect(detail).toMatchObject({ name: 'long-gone-1', runtime_state: 'removed' });
  });

  it('says when there is none', async () => {
    const response = await app.inject({ url: '/api/plimsoll/v1/containers/abc' });
    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ error: { code: 'not_found' } });
  });
});

describe('events, alerts and find', () => {
  it('lists each event once, newest first, in pages', async () => {
    const first = await getJson<EventPage>(app, 'events?limit=2');
    const rest = await getJson<EventPage>(app, `events?limit=2&cursor=${first.next ?? ''}`);
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual([
      'node',
      'die-1',
      'kill-1',
      'kill-old',
    ]);
    expect(rest.next).toBeNull();
  });

  it.each([
    ['kind=oom_kill', ['kill-1', 'kill-old']],
    ['severity=warning', ['die-1']],
    ['host=node-2', ['node']],
    [`container_id=${containerId('killed-1')}`, ['die-1', 'kill-1']],
    ['from=now-6m', ['node', 'die-1', 'kill-1']],
  ])('filters events by %s', async (query, expected) => {
    const { items } = await getJson<EventPage>(app, `events?${query}`);
    expect(items.map(({ id }) => id)).toEqual(expected);
  });

  it('lists alerts by what presses most, with every rule', async () => {
    const { items, rules } = await getJson<AlertList>(app, 'alerts');
    expect(items.map(({ state }) => state)).toEqual([
      'firing',
      'firing',
      'firing',
      'firing',
      'pending',
      'resolved',
    ]);
    expect(items.at(-1)).toMatchObject({ firing_at: now - 540_000, resolved_at: now - 1000 });
    expect(items[0]?.resolved_at).toBeNull();
    expect(rules.map(({ name }) => name)).toContain('memory_leak');
  });

  it.each([
    ['state=pending', ['memory_near_limit']],
    ['rule=oom_kill', ['oom_kill']],
    [`container_id=${containerId('leaky-2')}`, ['memory_leak']],
    ['state=firing&state=pending&limit=1', ['disk_nearly_full']],
  ])('filters alerts by %s', async (query, expected) => {
    const { items } = await getJson<AlertList>(app, `alerts?${query}`);
    expect(items.map(({ rule }) => rule)).toEqual(expected);
  });

  it('finds containers, services, images and hosts, the best first', async () => {
    const { items } = await getJson<FindResults>(app, 'find?q=leaky');
    expect(items.map(({ kind, name }) => [kind, name])).toEqual([
      ['service', 'leaky'],
      ['container', 'leaky-1'],
      ['container', 'leaky-2'],
    ]);
    expect((await getJson<FindResults>(app, 'find?q=node-2')).items).toMatchObject([
      { kind: 'host', id: 'node-2' },
    ]);
    const images = await getJson<FindResults>(app, 'find?q=shop/checkout');
    expect(images.items[0]).toMatchObject({ kind: 'image', detail: '12 containers running' });
    expect((await getJson<FindResults>(app, 'find?q=')).items).toEqual([]);
  });
});
