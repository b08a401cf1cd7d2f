import type {
  AlertEntry,
  AlertEvidence,
  AlertList,
  ContainerList,
  EventPage,
  FleetCause,
  FleetSummary,
  FleetTank,
  LogFacets,
  LogHistogram,
  LogPage,
} from '@plimsoll/model/api';
import { severities } from '@plimsoll/model';
import { makeHosts, mib, summaryOf } from './fleet-data.ts';
import { matches, readFilter, type MockLog } from './logs-data.ts';
import { leakEvidence, plainEvidence } from './series-data.ts';

export interface MockState {
  tanks: FleetTank[];
  log: MockLog;
  now: () => number;
  mood: 'well' | 'unwell' | 'empty' | 'calm';
}

const maxScanned = 60_000;

function causes(state: MockState): FleetCause[] {
  if (state.mood === 'calm' || state.mood === 'empty') return [];
  const now = state.now();
  const of = (wanted: FleetTank['state']) => state.tanks.filter((tank) => tank.state === wanted);
  const cause = (
    parts: Partial<FleetCause> & { tanks: FleetTank[]; evidence: AlertEvidence; id: string },
  ): FleetCause => ({
    rule: parts.id,
    state: 'near',
    title: '',
    detail: '',
    since: now - 7_200_000,
    time_left_seconds: parts.evidence.time_left_seconds,
    affected: parts.tanks.length,
    replicas: parts.tanks.length,
    host: '',
    container_ids: parts.tanks.map((tank) => tank.id),
    ...parts,
  });
  const leaking = of('leaking');
  const over = of('over');
  const throttled = state.tanks.filter((tank) => tank.throttled > 0.5);
  const [leak] = leaking;
  const [killed] = over;
  const [slow] = throttled;
  if (leak === undefined || killed === undefined || slow === undefined) return [];
  return [
    cause({
      id: 'oom_kill',
      state: 'over',
      title: 'search is killed for memory',
      detail: '3 of 18 replicas, limit 512 MiB, every 9 min',
      tanks: over,
      evidence: plainEvidence(killed, 'memory_unreclaimable_bytes', now),
    }),
    cause({
      id: 'memory_leak',
      state: 'leaking',
      title: 'checkout leaks memory',
      detail: 'on 12 of 12 replicas of 2.41.0; 2.40.3 does not',
      tanks: leaking,
      evidence: leakEvidence(leak, now),
    }),
    cause({
      id: 'cpu_throttled',
      state: 'near',
      title: 'recommend is throttled',
      detail: '5 of 14 replicas, 61 % of periods, quota 0.5 cores',
      tanks: throttled,
      evidence: plainEvidence(slow, 'throttled_ratio', now),
    }),
  ];
}

export function fleetAnswer(state: MockState): FleetSummary {
  const empty = state.mood === 'empty';
  const unwell = state.mood === 'unwell';
  const hosts = makeHosts(state.tanks, state.now());
  return {
    hosts: empty ? 1 : hosts.length,
    hosts_silent: unwell ? 1 : 0,
    containers_running: state.tanks.length,
    containers_change_1h: empty ? 0 : 37,
    memory_used_bytes: state.tanks.reduce((sum, tank) => sum + tank.mem, 0),
    memory_total_bytes: hosts.reduce((sum, host) => sum + host.memory.limit, 0),
    cpu_used_cores: state.tanks.reduce((sum, tank) => sum + tank.cpu, 0),
    cpu_total_cores: 96,
    containers_over: state.tanks.filter((tank) => tank.state === 'over').length,
    containers_near: state.tanks.filter((tank) => tank.state === 'near').length,
    leaking_causes: causes(state).filter((cause) => cause.state === 'leaking').length,
    leaking_containers: state.tanks.filter((tank) => tank.state === 'leaking').length,
    first_to_run_out:
      causes(state).length === 0
        ? null
        : {
            title: 'memory of checkout',
            seconds: 20_400,
            low_seconds: 17_400,
            high_seconds: 23_400,
          },
    causes: causes(state),
    pipeline: {
      data_age_seconds: empty ? null : unwell ? 94 : 1.2,
      lines_per_second: empty ? 0 : 218_410,
      lines_stored: empty ? 0 : 48_210_377,
      records_lost: unwell ? 1204 : 0,
      lost_by_reason: unwell ? { rotated_away: 1204 } : {},
      collectors_reporting: empty ? 1 : unwell ? 5 : 6,
      collectors_known: empty ? 1 : 6,
      log_lag_bytes: 0,
      log_lag_seconds: 0,
      runtimes_missing: empty ? [{ host: 'laptop', status: 'absent' }] : [],
      dead_letters: 0,
    },
  };
}

export function containersAnswer(state: MockState, params: URLSearchParams): ContainerList {
  const now = state.now();
  const q = (params.get('q') ?? '').toLowerCase();
  const wanted = (key: 'host' | 'image' | 'service' | 'state', tank: FleetTank): boolean => {
    const values = params.getAll(key);
    return values.length === 0 || values.includes(tank[key]);
  };
  const found = state.tanks.filter(
    (tank) =>
      (q === '' || `${tank.name} ${tank.image} ${tank.host}`.toLowerCase().includes(q)) &&
      wanted('host', tank) &&
      wanted('image', tank) &&
      wanted('service', tank) &&
      wanted('state', tank),
  );
  const keys: Record<string, (tank: FleetTank) => number | string> = {
    worst: (tank) => tank.worst,
    memory: (tank) => (tank.mem_limit > 0 ? tank.mem / tank.mem_limit : 0),
    cpu: (tank) => tank.cpu,
    throttled: (tank) => tank.throttled,
    pids: (tank) => tank.pids,
    file_descriptors: (tank) => tank.pids,
    restarts: (tank) => (tank.state === 'over' ? 19 : 0),
    name: (tank) => tank.name,
  };
  const key = keys[params.get('sort') ?? 'worst'] ?? keys['worst'];
  const sign = params.get('order') === 'asc' ? 1 : -1;
  if (key !== undefined)
    found.sort((a, b) => sign * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  const limit = Number(params.get('limit') ?? 200);
  const start = Number(params.get('cursor') ?? 0);
  const next = start + limit < found.length ? String(start + limit) : null;
  return {
    items: found.slice(start, start + limit).map((tank) => summaryOf(tank, now)),
    total: found.length,
    next,
  };
}

export function logsAnswer(state: MockState, params: URLSearchParams): LogPage {
  const filter = readFilter(params, state.now());
  const limit = Number(params.get('limit') ?? 100);
  const cursor = params.get('cursor');
  const items = [];
  let number = Math.max(
    cursor === null ? -Infinity : Number(cursor),
    state.log.firstBefore(filter.to),
  );
  let scanned = 0;
  for (
    ;
    items.length < limit && scanned < maxScanned && state.log.timeOf(number) >= filter.from;
    number += 1
  ) {
    scanned += 1;
    const entry = state.log.line(number);
    if (matches(entry, filter)) items.push(entry);
  }
  const done = state.log.timeOf(number) < filter.from;
  return { items, next: done ? null : String(number), scanned_rows: scanned, elapsed_ms: 12 };
}

export function histogramAnswer(state: MockState, params: URLSearchParams): LogHistogram {
  const filter = readFilter(params, state.now());
  const buckets = Number(params.get('buckets') ?? 100);
  const step = Math.max(1, (filter.to - filter.from) / buckets);
  const counts: LogHistogram['counts'] = {};
  for (const severity of severities) counts[severity] = Array.from({ length: buckets }, () => 0);
  const first = state.log.firstBefore(filter.to);
  const last = state.log.firstBefore(filter.from);
  const stride = Math.max(1, Math.floor((last - first) / 6000));
  let total = 0;
  for (let number = first; number < last; number += stride) {
    const entry = state.log.line(number);
    const list = counts[entry.severity];
    const bucket = Math.min(
      buckets - 1,
      Math.max(0, Math.floor((entry.time - filter.from) / step)),
    );
    if (!matches(entry, filter) || list === undefined) continue;
    list[bucket] = (list[bucket] ?? 0) + stride;
    total += stride;
  }
  return { from: filter.from, to: filter.to, step_ms: step, counts, total };
}

export function facetsAnswer(state: MockState, params: URLSearchParams): LogFacets {
  const filter = readFilter(params, state.now());
  const facets: LogFacets = {
    container: [],
    image: [],
    host: [],
    stream: [],
    severity: [],
    service: [],
  };
  const first = state.log.firstBefore(filter.to);
  const names = ['container', 'image', 'host', 'stream', 'service', 'severity'] as const;
  const counts = new Map<string, Map<string, number>>(names.map((name) => [name, new Map()]));
  for (let number = first; number < first + 3000; number += 1) {
    const entry = state.log.line(number);
    if (!matches(entry, filter)) continue;
    for (const name of names) {
      const of = counts.get(name);
      of?.set(entry[name], (of.get(entry[name]) ?? 0) + 14);
    }
  }
  const top = (name: string) =>
    [...(counts.get(name) ?? [])]
      .map(([value, count]) => ({ value, count }))
      .sort((a, b) => b.count - a.count)
      .slice(0, 30);
  for (const name of ['container', 'image', 'host', 'stream', 'service'] as const)
    facets[name] = top(name);
  facets.severity = severities
    .map((value) => ({ value, count: counts.get('severity')?.get(value) ?? 0 }))
    .filter((item) => item.count > 0)
    .toReversed();
  return facets;
}

export function eventsAnswer(state: MockState, params: URLSearchParams): EventPage {
  const to = Number(params.get('to') ?? state.now());
  const from = Number(params.get('from') ?? to - 3_600_000);
  const tank = state.tanks.find((item) => item.id === params.get('container_id')) ?? state.tanks[0];
  if (tank === undefined) return { items: [], next: null };
  const event = (
    share: number,
    parts: Pick<EventPage['items'][number], 'kind' | 'severity' | 'message' | 'attributes'>,
  ) => ({
    id: `e${share}`,
    time: Math.round(from + (to - from) * share),
    host: tank.host,
    container_id: tank.id,
    container: tank.name,
    image: tank.image,
    ...parts,
  });
  return {
    items: [
      event(0.86, {
        kind: 'oom_kill',
        severity: 'error',
        message: `the kernel killed node (pid 41822) of ${tank.name} for memory`,
        attributes: { process: 'node', pid: '41822' },
      }),
      event(0.862, {
        kind: 'container_start',
        severity: 'info',
        message: `${tank.name} started`,
        attributes: {},
      }),
      event(0.52, {
        kind: 'health_status',
        severity: 'warning',
        message: `${tank.name} became unhealthy after 3 failed checks`,
        attributes: { health: 'unhealthy' },
      }),
      event(0.31, {
        kind: 'collector_started',
        severity: 'info',
        message: `the collector of ${tank.host} started`,
        attributes: {},
      }),
    ],
    next: null,
  };
}

export function alertsAnswer(state: MockState, params: URLSearchParams): AlertList {
  const now = state.now();
  const wanted = params.getAll('state');
  const items: AlertEntry[] = causes(state).flatMap((cause) =>
    cause.container_ids.slice(0, 6).map((id, index): AlertEntry => {
      const tank = state.tanks.find((item) => item.id === id);
      return {
        fingerprint: `${cause.rule}-${id.slice(0, 8)}`,
        rule: cause.rule,
        state: index === 5 ? 'pending' : 'firing',
        severity: cause.state === 'over' ? 'critical' : 'warning',
        summary: `${tank?.name ?? ''}: ${tank?.why ?? cause.title}`,
        description: cause.detail,
        labels: {
          container: tank?.name ?? '',
          host: tank?.host ?? '',
          image: tank?.image ?? '',
          service: tank?.service ?? '',
          container_id: id,
        },
        value: tank?.mem ?? 0,
        threshold: (tank?.mem_limit ?? 512 * mib) * 0.9,
        unit: 'bytes',
        active_at: cause.since,
        firing_at: index === 5 ? null : cause.since + 60_000,
        resolved_at: null,
        updated_at: now - 4000,
        evidence: cause.evidence,
      };
    }),
  );
  const [first] = items;
  if (first !== undefined) {
    items.push({
      ...first,
      fingerprint: 'resolved-1',
      rule: 'restart_loop',
      state: 'resolved',
      summary: 'mailer-18ff restarted 6 times in 10 min',
      resolved_at: now - 1_500_000,
      labels: { container: 'mailer-18ff', host: 'web-3.fra' },
    });
  }
  const rule = (
    name: string,
    title: string,
    rest: { description: string; for_seconds?: number; error?: string },
  ): AlertList['rules'][number] => ({
    name,
    title,
    severity: name === 'oom_kill' ? 'critical' : 'warning',
    evaluated_at: now - 6000,
    evaluation_ms: 41,
    for_seconds: 0,
    error: null,
    ...rest,
  });
  return {
    items: items.filter(
      (item) =>
        (wanted.length === 0 || wanted.includes(item.state)) &&
        (params.get('rule') === null || params.get('rule') === item.rule),
    ),
    rules: [
      rule('memory_near_limit', 'Memory near its limit', {
        description:
          'Fires when memory that cannot be reclaimed is above 90 % of the container’s limit.',
        for_seconds: 60,
      }),
      rule('memory_leak', 'Memory leak', {
        description:
          'Fires when the floor of memory that cannot be reclaimed rises steadily towards the limit within one life of the process.',
      }),
      rule('oom_kill', 'OOM kill', {
        description: 'Fires when the kernel killed a process of the container for memory.',
      }),
      rule('cpu_throttled', 'CPU throttled', {
        description: 'Fires when more than 25 % of periods were throttled over five minutes.',
        for_seconds: 300,
      }),
      rule('restart_loop', 'Restart loop', {
        description: 'Fires when a container restarted more than five times in ten minutes.',
      }),
      rule('disk_nearly_full', 'Disk nearly full', {
        description:
          'Fires when less than 10 % of the container runtime’s disk or inodes are free.',
        for_seconds: 300,
        error: 'the query took longer than 5 s',
      }),
    ],
  };
}
