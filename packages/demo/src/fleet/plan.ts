import { Random } from '../random.ts';
import { services, type Service, type Story } from './services.ts';

/** One container of the simulated fleet, as it is at the beginning of its history. */
export interface ContainerPlan {
  /** 64 hexadecimal digits. */
  id: string;
  imageId: string;
  name: string;
  image: string;
  project: string;
  service: Service;
  host: string;
  story: Story;
  replica: number;
  pid: number;
  seed: number;
  createdAtMs: number;
  /** Hour of the day (UTC) at which it has most to do. */
  peakHour: number;
}

export interface HostPlan {
  name: string;
  bootId: string;
  bootedAtMs: number;
  cores: number;
  memoryBytes: number;
  seed: number;
  containers: ContainerPlan[];
}

export interface FleetPlanOptions {
  seed: number;
  nowMs: number;
  hosts: number;
  /** The first so many of the services' containers; the stories come first. */
  containersPerHost: number;
}

const project = 'shop';
const hourMs = 3_600_000;
const pidStep = 40;
/** Each of these stories is told by one container of the fleet; those of a version by all of its. */
const soloStories: ReadonlySet<Story> = new Set([
  'throttled',
  'oom-loop',
  'log-flood',
  'unhealthy',
  'near-limit',
]);

/** The same fleet for the same options. */
export function planFleet(options: FleetPlanOptions): HostPlan[] {
  const random = new Random(options.seed);
  const counts = new Map<string, number>();
  return Array.from({ length: options.hosts }, (_, index) => {
    const host: HostPlan = {
      name: `harbour-${index + 1}`,
      bootId: uuid(random),
      bootedAtMs: options.nowMs - random.between(20, 60) * 24 * hourMs,
      cores: 16,
      memoryBytes: 64 * 1024 ** 3,
      seed: random.whole(1, 2 ** 31),
      containers: [],
    };
    for (const slot of slots(options.containersPerHost)) {
      const replica = (counts.get(slot.service.name) ?? 0) + 1;
      counts.set(slot.service.name, replica);
      const pid = 2000 + host.containers.length * pidStep;
      host.containers.push(containerOf(slot, { replica, pid, host, index, random, options }));
    }
    return host;
  });
}

interface Slot {
  service: Service;
  tag: string;
  story: Story;
  deployedHoursAgo: number | undefined;
}

/** Containers of one host, those with a story first, so that a small fleet has them too. */
function slots(count: number): Slot[] {
  const all = services.flatMap((service) =>
    service.versions.flatMap(({ tag, story, perHost, deployedHoursAgo }) =>
      Array.from({ length: perHost }, () => ({ service, tag, story, deployedHoursAgo })),
    ),
  );
  const withStory = all.filter((slot) => slot.story !== 'steady');
  const steady = all.filter((slot) => slot.story === 'steady');
  const chosen: Slot[] = [];
  while (chosen.length < count)
    chosen.push(...[...withStory, ...steady].slice(0, count - chosen.length));
  return chosen;
}

interface Placement {
  replica: number;
  pid: number;
  host: HostPlan;
  /** Of the host. */
  index: number;
  random: Random;
  options: FleetPlanOptions;
}

function containerOf(slot: Slot, placement: Placement): ContainerPlan {
  const { replica, pid, host, index, random, options } = placement;
  const isTold = !soloStories.has(slot.story) || index === 0;
  const hoursAgo =
    slot.deployedHoursAgo === undefined
      ? random.between(60, 300)
      : slot.deployedHoursAgo - replica * 0.05;
  return {
    id: random.hex(64),
    imageId: `sha256:${new Random(hash(`${slot.service.image}:${slot.tag}`)).hex(64)}`,
    name: `${project}-${slot.service.name}-${replica}`,
    image: `${slot.service.image}:${slot.tag}`,
    project,
    service: slot.service,
    host: host.name,
    story: isTold ? slot.story : 'steady',
    replica,
    pid,
    seed: random.whole(1, 2 ** 31),
    createdAtMs: Math.round(options.nowMs - hoursAgo * hourMs),
    peakHour: 14 + random.between(-1.5, 1.5),
  };
}

function uuid(random: Random): string {
  const hex = random.hex(32);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value >>> 0;
}
