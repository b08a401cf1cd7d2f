import type {
  ContainerDetail,
  ContainerSummary,
  FleetTank,
  HostSummary,
  LoadState,
} from '@plimsoll/model/api';
import { seeded } from './random.ts';

export const mib = 1024 * 1024;
const gib = 1024 * mib;

interface ServiceShape {
  name: string;
  replicas: number;
  image: string;
  limitMib: number;
  cpuLimit: number;
  /** The first so many replicas are in this state. */
  affected: number;
  state: LoadState;
  why: string;
}

type Trouble = Pick<ServiceShape, 'affected' | 'state' | 'why'>;
const noTrouble: Trouble = { affected: 0, state: 'within', why: '' };

const shapes: readonly ServiceShape[] = [
  shape('checkout 26 shop/checkout:2.41.0 512', {
    affected: 12,
    state: 'leaking',
    why: 'memory leaks, 5 h 40 m left',
  }),
  shape('catalog 22 shop/catalog:8.3.1 768'),
  shape('search 18 shop/search:5.0.2 512', {
    affected: 3,
    state: 'over',
    why: 'killed for memory 3 times in 10 min',
  }),
  shape('payments 16 shop/payments:1.19.4 384'),
  shape('sessions 14 shop/sessions:3.2.0 256'),
  shape('recommend 14 shop/recommend:0.9.7 1024', {
    affected: 5,
    state: 'near',
    why: 'throttled in 61 % of periods',
  }),
  shape('gateway 10 envoyproxy/envoy:v1.31.2 256'),
  shape('mailer 8 shop/mailer:2.0.1 128'),
  shape('etl-nightly 6 shop/etl:4.4.0 0'),
  shape('redis 6 redis:7.4-alpine 1024', {
    affected: 6,
    state: 'near',
    why: '83 % of its memory limit',
  }),
  shape('postgres 4 postgres:17.2 4096'),
];

/** `name replicas image limit-in-MiB` */
function shape(text: string, trouble: Trouble = noTrouble): ServiceShape {
  const [name = '', replicas, image = '', limitMib] = text.split(' ');
  return {
    name,
    image,
    replicas: Number(replicas),
    limitMib: Number(limitMib),
    cpuLimit: name === 'etl-nightly' ? 0 : 0.5,
    ...trouble,
  };
}

const hostNames = Array.from({ length: 6 }, (_, index) => `web-${index + 1}.fra`);

/** The services of the drawing; with a larger number, more services of the same kinds. */
export function makeTanks(count: number): FleetTank[] {
  const random = seeded(7);
  const tanks: FleetTank[] = [];
  for (let round = 0; tanks.length < count; round += 1) {
    for (const service of shapes) {
      for (let replica = 0; replica < service.replicas && tanks.length < count; replica += 1) {
        tanks.push(makeTank(service, { round, replica, random }));
      }
    }
  }
  return tanks;
}

function makeTank(
  service: ServiceShape,
  at: { round: number; replica: number; random: () => number },
): FleetTank {
  const affected = at.round === 0 && at.replica < service.affected;
  const share = affected
    ? { leaking: 0.62 + at.random() * 0.12, over: 1, near: 0.84 + at.random() * 0.06, within: 0.5 }[
        service.state
      ]
    : Math.max(0.06, 0.62 - (at.replica / service.replicas) * 0.5 + at.random() * 0.06);
  const limit = service.limitMib * mib;
  const name = at.round === 0 ? service.name : `${service.name}-${at.round}`;
  const mem = Math.round(share * (limit === 0 ? 3 * gib : limit));
  const throttled = affected && service.name === 'recommend' ? 0.61 : at.random() * 0.04;
  return {
    id: idOf(tankKey(name, at.replica)),
    host: hostNames[Math.floor(at.random() * hostNames.length)] ?? 'web-1.fra',
    name: tankKey(name, at.replica),
    image: affected || service.name !== 'checkout' ? service.image : 'shop/checkout:2.40.3',
    service: name,
    state: affected ? service.state : 'within',
    mem,
    mem_limit: limit,
    cpu:
      service.cpuLimit * (throttled > 0.5 ? 0.97 : 0.1 + at.random() * 0.5) +
      (service.cpuLimit === 0 ? at.random() : 0),
    cpu_limit: service.cpuLimit,
    throttled,
    pids: 8 + Math.floor(at.random() * 60),
    pids_limit: 512,
    worst: limit === 0 ? 0.12 : share,
    why: affected ? service.why : '',
  };
}

function tankKey(service: string, replica: number): string {
  return `${service}-${(replica * 7919 + 4096).toString(16).slice(-4)}`;
}

function hashOf(text: string): number {
  let hash = 17;
  for (let at = 0; at < text.length; at += 1)
    hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}

function idOf(name: string): string {
  const random = seeded(hashOf(name));
  return Array.from({ length: 8 }, () =>
    Math.floor(random() * 0xffffffff)
      .toString(16)
      .padStart(8, '0'),
  ).join('');
}

export function summaryOf(tank: FleetTank, now: number): ContainerSummary {
  return {
    id: tank.id,
    name: tank.name,
    host: tank.host,
    image: tank.image,
    service: tank.service,
    compose_project: 'shop',
    kubernetes_namespace: '',
    kubernetes_pod: '',
    runtime_state: 'running',
    health: tank.state === 'over' ? 'unhealthy' : 'healthy',
    state: tank.state,
    why: tank.why,
    worst: tank.worst,
    last_seen: now - 3000,
    started_at: now - (tank.state === 'over' ? 160_000 : 3.2 * 86_400_000),
    restart_count: tank.state === 'over' ? 19 : 0,
    memory_unreclaimable_bytes: tank.mem,
    memory_usage_bytes: tank.mem * 1.35,
    memory_working_set_bytes: tank.mem * 1.12,
    memory_limit_bytes: tank.mem_limit,
    cpu_cores: tank.cpu,
    cpu_limit_cores: tank.cpu_limit,
    throttled_ratio: tank.throttled,
    pids_current: tank.pids,
    pids_limit: tank.pids_limit,
    file_descriptors: tank.pids * 9,
    file_descriptors_limit: 4096,
    network_receive_bytes_per_second: tank.cpu * 480_000,
    network_transmit_bytes_per_second: tank.cpu * 1_240_000,
    io_read_bytes_per_second: tank.cpu * 12_000,
    io_write_bytes_per_second: tank.cpu * 90_000,
    log_bytes: tank.pids * 1_300_000,
  };
}

export function detailOf(tank: FleetTank, now: number): ContainerDetail {
  const summary = summaryOf(tank, now);
  return {
    ...summary,
    image_id: `sha256:${tank.id}`,
    image_digest: `sha256:${tank.id.split('').toReversed().join('')}`,
    runtime: 'runc',
    pid: 41_822,
    exit_code: 0,
    oom_killed: tank.state === 'over',
    created_at: summary.started_at - 4000,
    labels: {
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': tank.service,
      'org.opencontainers.image.version': tank.image.split(':')[1] ?? '',
      team: 'buying',
    },
    log_driver: 'json-file',
    log_path: `/var/lib/docker/containers/${tank.id}/${tank.id}-json.log`,
    restart_policy: 'always',
    privileged: false,
    owner: '',
    depends_on: ['db', 'queue'],
    network_mode: 'shop_default',
    security: {
      privileged: 'false',
      user: 'root',
      seccomp: 'default',
      pid_mode: 'private',
      docker_socket_mounted: 'true',
      memory_limit: 'none',
      actual_seccomp: 'filter',
      actual_pid_namespace: 'own',
      actual_capabilities: 'CHOWN,KILL',
    },
    values: {
      memory_usage_bytes: summary.memory_usage_bytes,
      memory_working_set_bytes: summary.memory_working_set_bytes,
      memory_anon_bytes: tank.mem * 0.88,
      memory_file_bytes: tank.mem * 0.34,
      memory_shmem_bytes: tank.mem * 0.04,
      memory_kernel_bytes: tank.mem * 0.08,
      memory_limit_bytes: tank.mem_limit,
      memory_oom_kills_total: summary.restart_count,
      cpu_usage_seconds_total: 48_211.8,
      cpu_throttled_periods_total: 4210,
      pids_current: tank.pids,
      pids_limit: tank.pids_limit,
      threads: tank.pids + 4,
      file_descriptors: tank.pids * 9,
      zombies: 0,
      network_receive_bytes_total: 8_812_331_004,
      tcp_retransmitted_segments_total: 128,
      memory_swap_bytes: null,
    },
  };
}

export function makeHosts(tanks: readonly FleetTank[], now: number): HostSummary[] {
  return hostNames.map((host, index) => {
    const mine = tanks.filter((tank) => tank.host === host);
    const used = 14 * gib + index * 6 * gib;
    const disk = [0.42, 0.55, 0.91, 0.38, 0.47, 0.61][index] ?? 0.4;
    return {
      host,
      last_seen: index === 5 ? now - 412_000 : now - 2400,
      silent: index === 5,
      kernel: '6.12.9-cloud-amd64',
      cgroup_mode: 'v2',
      docker_version: '28.3.1',
      docker_status: 'connected',
      containers_running: mine.length,
      cpu: water(
        mine.reduce((sum, tank) => sum + tank.cpu, 0),
        16,
      ),
      memory: water(used, 64 * gib),
      threads: water(1800 + index * 211, 126_000),
      file_descriptors: water(21_000 + index * 900, 1_048_576),
      conntrack: water(index === 1 ? 224_000 : 18_000, 262_144),
      disk: water(disk * 480 * gib, 480 * gib),
      inodes: water(2_900_000, 31_000_000),
      load1: 2.4 + index,
      log_lag_bytes: index === 2 ? 48_000 : 0,
    };
  });
}

function water(used: number, limit: number): { used: number; limit: number; ratio: number | null } {
  return { used, limit, ratio: limit > 0 ? used / limit : null };
}
