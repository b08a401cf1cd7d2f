import type { FleetTank, HostSummary, LoadState } from '@plimsoll/model/api';

export interface FindEntry {
  kind: 'container' | 'service' | 'image' | 'host' | 'view' | 'logs';
  title: string;
  detail: string;
  state: LoadState | null;
  to: string;
  search: Record<string, string>;
}

const maxEntries = 40;
const maxPerKind = 8;

/** Everything that can be found by name, once per name. */
export function buildFindIndex(
  tanks: readonly FleetTank[],
  hosts: readonly HostSummary[],
): FindEntry[] {
  const entries: FindEntry[] = hosts.map((host) => ({
    kind: 'host',
    title: host.host,
    detail: host.silent ? 'silent' : `${host.containers_running} containers`,
    state: null,
    to: '/host',
    search: { name: host.host },
  }));
  const services = new Map<string, number>();
  const images = new Map<string, number>();
  for (const tank of tanks) {
    services.set(tank.service, (services.get(tank.service) ?? 0) + 1);
    images.set(tank.image, (images.get(tank.image) ?? 0) + 1);
  }
  for (const [service, count] of services) {
    if (service !== '') entries.push(listEntry('service', service, count));
  }
  for (const [image, count] of images)
    if (image !== '') entries.push(listEntry('image', image, count));
  for (const tank of tanks) {
    entries.push({
      kind: 'container',
      title: tank.name,
      detail: tank.why === '' ? tank.host : `${tank.host} · ${tank.why}`,
      state: tank.state,
      to: '/container',
      search: { id: tank.id },
    });
  }
  return entries;
}

function listEntry(kind: 'service' | 'image', name: string, count: number): FindEntry {
  return {
    kind,
    title: name,
    detail: count === 1 ? '1 container' : `${count} containers`,
    state: null,
    to: '/containers',
    search: { [kind]: name },
  };
}

/** Best first; an empty text finds the views, a text always also offers to search the logs. */
export function findEntries(index: readonly FindEntry[], text: string): FindEntry[] {
  const needle = text.trim().toLowerCase();
  if (needle === '') return [];
  const scored: { entry: FindEntry; score: number }[] = [];
  for (const entry of index) {
    const score = scoreMatch(entry.title.toLowerCase(), needle);
    if (score > 0) scored.push({ entry, score: score + kindWeight[entry.kind] });
  }
  scored.sort((a, b) => b.score - a.score || a.entry.title.localeCompare(b.entry.title));
  const perKind = new Map<string, number>();
  const found: FindEntry[] = [];
  for (const { entry } of scored) {
    const count = perKind.get(entry.kind) ?? 0;
    if (count >= maxPerKind) continue;
    perKind.set(entry.kind, count + 1);
    found.push(entry);
    if (found.length >= maxEntries) break;
  }
  return found;
}

const kindWeight: Record<FindEntry['kind'], number> = {
  view: 6,
  service: 5,
  host: 4,
  image: 3,
  container: 2,
  logs: 0,
};

/** 0 without a match; a whole name beats a beginning beats a word beats a part beats letters in order. */
export function scoreMatch(name: string, needle: string): number {
  if (name === needle) return 100;
  if (name.startsWith(needle)) return 80;
  const at = name.indexOf(needle);
  if (at > 0) return /[^a-z0-9]/.test(name.charAt(at - 1)) ? 60 : 40;
  let next = 0;
  for (const letter of name) if (letter === needle.charAt(next)) next += 1;
  return next === needle.length && needle.length > 1 ? 15 : 0;
}
