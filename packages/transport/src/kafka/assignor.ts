/**
 * Who of a group gets which partitions: of each topic everybody as many as the others or one more,
 * of all topics together likewise where it can be, and what somebody has stays as far as that
 * allows. Pure, and the same for the same input whatever the order of members.
 */
import type { TopicPartition } from './consumer-client.ts';

export interface GroupMemberState {
  memberId: string;
  /** What it had in the generation that it was last a member of. */
  owned: readonly TopicPartition[];
  generation: number;
}

export interface TopicSize {
  topic: string;
  partitions: number;
}

export function assignPartitions(
  members: readonly GroupMemberState[],
  topics: readonly TopicSize[],
): Map<string, TopicPartition[]> {
  const ids = members.map(({ memberId }) => memberId).toSorted();
  const assigned = new Map<string, TopicPartition[]>(ids.map((id) => [id, []]));
  if (ids.length === 0) return assigned;
  const owners = ownersOf(members);
  for (const { topic, partitions } of topics.toSorted((a, b) => (a.topic < b.topic ? -1 : 1))) {
    const has = new Map<string, number[]>(ids.map((id) => [id, []]));
    const free: number[] = [];
    for (let partition = 0; partition < partitions; partition++) {
      const owner = owners.get(keyOf({ topic, partition }));
      (has.get(owner?.memberId ?? '') ?? free).push(partition);
    }
    const totals = new Map([...assigned].map(([id, all]) => [id, all.length]));
    const quotas = quotasOf(has, totals, partitions);
    for (const [id, quota] of quotas) free.push(...(has.get(id)?.splice(quota) ?? []));
    free.sort((a, b) => a - b);
    for (const [id, quota] of quotas) {
      const kept = has.get(id) ?? [];
      kept.push(...free.splice(0, quota - kept.length));
      const sorted = kept.toSorted((a, b) => a - b);
      assigned.get(id)?.push(...sorted.map((partition) => ({ topic, partition })));
    }
  }
  return assigned;
}

/** One more goes first to who has least of other topics, then to who has most of this one. */
function quotasOf(
  has: ReadonlyMap<string, readonly number[]>,
  totals: ReadonlyMap<string, number>,
  partitions: number,
): [string, number][] {
  const least = Math.floor(partitions / has.size);
  const more = partitions % has.size;
  return [...has]
    .toSorted(([a, ofA], [b, ofB]) => {
      const byTotal = (totals.get(a) ?? 0) - (totals.get(b) ?? 0);
      return byTotal || ofB.length - ofA.length || (a < b ? -1 : 1);
    })
    .map(([id], at) => [id, least + (at < more ? 1 : 0)]);
}

/** Where two claim one, who had it later: the other was away. */
function ownersOf(members: readonly GroupMemberState[]): Map<string, GroupMemberState> {
  const owners = new Map<string, GroupMemberState>();
  for (const member of members) {
    for (const each of member.owned) {
      const other = owners.get(keyOf(each));
      if (other === undefined || other.generation < member.generation) {
        owners.set(keyOf(each), member);
      }
    }
  }
  return owners;
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
