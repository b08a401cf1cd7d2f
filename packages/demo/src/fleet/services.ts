/** The simulated shop: which services there are, how they behave, and which of them has a story. */

const MiB = 1024 * 1024;

/**
 * What goes wrong with a container:
 * - memory-leak, descriptor-leak: grow with the age of the process;
 * - throttled: wants more CPU than its quota;
 * - oom-loop: needs more than its limit a minute or two after each start;
 * - log-flood: a debug level was left on a few minutes ago;
 * - unhealthy: its health check fails since some time;
 * - near-limit: a cache that was given hardly more than it holds.
 */
export type Story =
  | 'steady'
  | 'memory-leak'
  | 'descriptor-leak'
  | 'throttled'
  | 'oom-loop'
  | 'log-flood'
  | 'unhealthy'
  | 'near-limit';

export type LogStyle = 'json' | 'logfmt' | 'nginx' | 'java' | 'coloured' | 'redis' | 'postgres';

export interface ServiceVersion {
  tag: string;
  /** Replicas on each host. */
  perHost: number;
  story: Story;
  /** Hours before now at which it was deployed; default days ago. */
  deployedHoursAgo?: number;
}

export interface Service {
  name: string;
  image: string;
  versions: readonly ServiceVersion[];
  memoryBytes: number;
  memoryLimitBytes: number;
  cores: number;
  coresLimit: number;
  threads: number;
  descriptors: number;
  log: LogStyle;
  /** At the height of the day. */
  linesPerSecond: number;
  /** First process. */
  command: string;
  hasHealthCheck: boolean;
}

function service(
  name: string,
  versions: readonly ServiceVersion[],
  traits: Partial<Omit<Service, 'name' | 'versions'>>,
): Service {
  return {
    name,
    versions,
    image: `registry.shop.example/${name}`,
    memoryBytes: 180 * MiB,
    memoryLimitBytes: 512 * MiB,
    cores: 0.15,
    coresLimit: 1,
    threads: 14,
    descriptors: 60,
    log: 'json',
    linesPerSecond: 0.05,
    command: name,
    hasHealthCheck: false,
    ...traits,
  };
}

function steady(tag: string, perHost: number): ServiceVersion[] {
  return [{ tag, perHost, story: 'steady' }];
}

/** 40 containers on each host. */
export const services: readonly Service[] = [
  service(
    'checkout',
    [
      { tag: '2.41.0', perHost: 3, story: 'memory-leak', deployedHoursAgo: 21 },
      { tag: '2.40.3', perHost: 1, story: 'steady' },
    ],
    {
      memoryBytes: 210 * MiB,
      memoryLimitBytes: 768 * MiB,
      log: 'java',
      command: 'java',
      threads: 48,
    },
  ),
  service('gateway', [...steady('1.29.4', 1), { tag: '1.30.0', perHost: 1, story: 'log-flood' }], {
    log: 'nginx',
    linesPerSecond: 0.25,
    memoryBytes: 60 * MiB,
    memoryLimitBytes: 256 * MiB,
    cores: 0.3,
    command: 'nginx',
  }),
  service('web', steady('8.14.2', 4), { linesPerSecond: 0.1, command: 'node' }),
  service('catalog', steady('3.7.1', 4), { log: 'logfmt', command: 'catalog' }),
  service('search', [...steady('5.2.0', 2), { tag: '5.2.1', perHost: 1, story: 'throttled' }], {
    log: 'java',
    memoryBytes: 900 * MiB,
    memoryLimitBytes: 2048 * MiB,
    cores: 0.6,
    coresLimit: 0.5,
    threads: 60,
    command: 'java',
  }),
  service(
    'payments',
    [{ tag: '1.18.2', perHost: 2, story: 'descriptor-leak', deployedHoursAgo: 19 }],
    {
      descriptors: 70,
      hasHealthCheck: true,
      command: 'payments',
    },
  ),
  service('sessions', steady('4.0.9', 2), { log: 'logfmt', cores: 0.2 }),
  service('recommend', steady('0.9.3', 2), {
    log: 'coloured',
    memoryBytes: 600 * MiB,
    memoryLimitBytes: 1536 * MiB,
    cores: 0.4,
    command: 'python3',
  }),
  service('cart', steady('2.12.0', 2), {}),
  service('pricing', steady('1.6.4', 2), { log: 'logfmt' }),
  service('inventory', steady('3.1.0', 2), {}),
  service('images', steady('1.4.7', 2), { cores: 0.35, log: 'logfmt' }),
  service('auth', steady('6.3.2', 2), { hasHealthCheck: true }),
  service('reviews', steady('2.0.1', 1), { log: 'coloured', command: 'python3' }),
  service('mailer', [{ tag: '1.9.0', perHost: 1, story: 'unhealthy' }], {
    hasHealthCheck: true,
    linesPerSecond: 0.04,
  }),
  service('etl-nightly', [{ tag: '0.44.0', perHost: 1, story: 'oom-loop' }], {
    memoryBytes: 120 * MiB,
    memoryLimitBytes: 384 * MiB,
    cores: 0.7,
    log: 'coloured',
    linesPerSecond: 0.2,
    command: 'python3',
  }),
  service('redis', [{ tag: '7.4.1', perHost: 1, story: 'near-limit' }], {
    image: 'redis',
    memoryBytes: 190 * MiB,
    memoryLimitBytes: 256 * MiB,
    log: 'redis',
    linesPerSecond: 0.02,
    threads: 5,
    command: 'redis-server',
  }),
  service('postgres', steady('17.2', 1), {
    image: 'postgres',
    memoryBytes: 420 * MiB,
    memoryLimitBytes: 2048 * MiB,
    log: 'postgres',
    linesPerSecond: 0.06,
    threads: 24,
    descriptors: 190,
    command: 'postgres',
  }),
  service('rabbitmq', steady('4.0.4', 1), {
    image: 'rabbitmq',
    log: 'logfmt',
    command: 'beam.smp',
  }),
  service('envoy', steady('1.32.1', 1), {
    image: 'envoyproxy/envoy',
    log: 'nginx',
    command: 'envoy',
  }),
];
