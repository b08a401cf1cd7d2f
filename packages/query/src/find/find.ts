import type { FindResult, FindResults } from '@plimsoll/model/api';
import type { FleetSnapshot } from '../fleet/snapshot.ts';
import { serviceName } from '../logs/service-name.ts';

/** Hits of one kind; the box shows a handful. */
const maxPerKind = 10;

interface Candidate extends FindResult {
  /** Further text that finds it. */
  also: string;
  isRunning: boolean;
}

/** Containers, services, images and hosts whose name holds every word of the text. */
export function find(snapshot: FleetSnapshot, text: string): FindResults {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return { items: [] };
  const items = candidates(snapshot)
    .map((candidate) => ({ candidate, rank: rank(candidate, words) }))
    .filter(({ rank: found }) => found !== null)
    .sort(
      (a, b) =>
        (a.rank ?? 0) - (b.rank ?? 0) ||
        Number(b.candidate.isRunning) - Number(a.candidate.isRunning) ||
        (a.candidate.name < b.candidate.name ? -1 : 1),
    )
    .map(({ candidate: { also: _also, isRunning: _isRunning, ...result } }) => result);
  const perKind = new Map<string, number>();
  return {
    items: items.filter((item) => {
      const count = (perKind.get(item.kind) ?? 0) + 1;
      perKind.set(item.kind, count);
      return count <= maxPerKind;
    }),
  };
}

function candidates(snapshot: FleetSnapshot): Candidate[] {
  const containers: Candidate[] = [];
  const images = new Map<string, number>();
  const services = new Map<string, number>();
  for (const { id, sample, target, verdict } of snapshot.containers) {
    const labels = sample ?? target;
    if (!labels) continue;
    const service = serviceName(labels);
    containers.push({
      kind: 'container',
      id,
      name: labels.container_name,
      detail: `${labels.image} on ${labels.host}`,
      state: verdict.state,
      also: `${id} ${service}`,
      isRunning: sample !== null,
    });
    const running = sample === null ? 0 : 1;
    images.set(labels.image, (images.get(labels.image) ?? 0) + running);
    services.set(service, (services.get(service) ?? 0) + running);
  }
  const grouped = (kind: 'image' | 'service', counts: Map<string, number>): Candidate[] =>
    [...counts]
      .filter(([name]) => name !== '')
      .map(([name, running]) => ({
        kind,
        id: name,
        name,
        detail: `${running} container${running === 1 ? '' : 's'} running`,
        state: null,
        also: '',
        isRunning: running > 0,
      }));
  const hosts: Candidate[] = [
    ...new Set([...snapshot.hosts, ...snapshot.heartbeats].map(({ host }) => host)),
  ].map((name) => ({
    kind: 'host',
    id: name,
    name,
    detail: 'host',
    state: null,
    also: '',
    isRunning: true,
  }));
  return [...hosts, ...grouped('service', services), ...grouped('image', images), ...containers];
}

/** 0 the very name, 1 its beginning, 2 within it, 3 elsewhere; null when a word is missing. */
function rank(candidate: Candidate, words: readonly string[]): number | null {
  const name = candidate.name.toLowerCase();
  const all = `${name} ${candidate.also}`.toLowerCase();
  if (!words.every((word) => all.includes(word))) return null;
  const text = words.join(' ');
  if (name === text) return 0;
  if (name.startsWith(text)) return 1;
  return words.every((word) => name.includes(word)) ? 2 : 3;
}
