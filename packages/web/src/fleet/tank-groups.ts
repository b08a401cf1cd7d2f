import type { FleetTank, LoadState } from '@plimsoll/model/api';

export const groupings = ['service', 'host', 'image'] as const;
export type Grouping = (typeof groupings)[number];

export const tankMeasures = ['memory', 'cpu', 'pids'] as const;
export type TankMeasure = (typeof tankMeasures)[number];

export interface TankGroup {
  key: string;
  tanks: FleetTank[];
  /** The most severe state in it, and what to say about it; empty when all is well. */
  state: LoadState;
  note: string;
}

const severityOfState: Record<LoadState, number> = { within: 0, near: 1, leaking: 2, over: 3 };

/** Groups and their tanks, both worst first; names decide between equals, so that nothing jumps. */
export function groupTanks(tanks: readonly FleetTank[], by: Grouping): TankGroup[] {
  const members = new Map<string, FleetTank[]>();
  for (const tank of tanks) {
    const list = members.get(tank[by]);
    if (list === undefined) members.set(tank[by], [tank]);
    else list.push(tank);
  }
  const groups: TankGroup[] = [];
  for (const [key, list] of members) {
    list.sort(worstFirst);
    const state = list[0]?.state ?? 'within';
    groups.push({ key, tanks: list, state, note: groupNote(list, state) });
  }
  return groups.sort(compareGroups);
}

export function worstFirst(a: FleetTank, b: FleetTank): number {
  return (
    severityOfState[b.state] - severityOfState[a.state] ||
    coarse(b.worst) - coarse(a.worst) ||
    a.name.localeCompare(b.name)
  );
}

function compareGroups(a: TankGroup, b: TankGroup): number {
  return (
    severityOfState[b.state] - severityOfState[a.state] ||
    b.tanks.length - a.tanks.length ||
    a.key.localeCompare(b.key)
  );
}

/** Differences below 2 % of the limit do not change places: the grid would flicker each refresh. */
function coarse(worst: number): number {
  return Math.round(worst * 50);
}

function groupNote(tanks: readonly FleetTank[], state: LoadState): string {
  if (state === 'within') return '';
  const affected = tanks.filter((tank) => tank.state === state);
  const why = mostFrequent(affected.map((tank) => tank.why).filter((text) => text !== ''));
  const share = tanks.length === 1 ? '' : `${affected.length} of ${tanks.length}`;
  return [share, why === '' ? state : why].filter((part) => part !== '').join(' · ');
}

function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  let best = '';
  for (const [text, count] of counts) if (count > (counts.get(best) ?? 0)) best = text;
  return best;
}

export interface TankLevel {
  used: number;
  limit: number;
  /** Null without a limit. */
  ratio: number | null;
}

export function levelOf(tank: FleetTank, measure: TankMeasure): TankLevel {
  if (measure === 'memory') return level(tank.mem, tank.mem_limit);
  return measure === 'cpu' ? level(tank.cpu, tank.cpu_limit) : level(tank.pids, tank.pids_limit);
}

function level(used: number, limit: number): TankLevel {
  return { used, limit, ratio: limit > 0 ? used / limit : null };
}
