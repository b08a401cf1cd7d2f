/**
 * A group coordinator in memory, as Kafka's classic protocol has it: a rebalance gathers every member
 * before the next generation begins, and what names an older one is refused.
 */
import type {
  CommittedOffset,
  Joined,
  JoinRequest,
  Membership,
  OffsetToCommit,
  TopicPartition,
} from '../../src/kafka/consumer-client.ts';
import { failureOf } from '../../src/kafka/kafka-errors.ts';

interface Member {
  metadata: Buffer;
  /** Waits for the next generation. */
  joined: PromiseWithResolvers<Joined> | null;
  synced: PromiseWithResolvers<Buffer> | null;
}

const [illegalGeneration, unknownMember, rebalanceInProgress] = [22, 25, 27];

export class FakeGroup {
  generation = 0;
  state: 'stable' | 'preparing' | 'completing' = 'stable';
  readonly members = new Map<string, Member>();
  readonly #invited = new Set<string>();
  readonly #offsets = new Map<string, OffsetToCommit>();
  #assignments: ReadonlyMap<string, Buffer> = new Map();
  #leader = '';
  #ids = 0;

  join({ memberId, metadata }: JoinRequest): Promise<Joined> {
    if (memberId === '') {
      this.#ids += 1;
      const id = `member-${this.#ids}`;
      this.#invited.add(id);
      return Promise.resolve({ memberId: id, generation: null, members: null });
    }
    const known = this.members.get(memberId);
    if (known === undefined && !this.#invited.delete(memberId)) {
      return Promise.reject(failureOf(unknownMember, 'join'));
    }
    const isSame = known?.metadata.equals(metadata) === true;
    if (isSame && this.state === 'stable' && memberId !== this.#leader) {
      return Promise.resolve({ memberId, generation: this.generation, members: null });
    }
    const member: Member = { metadata, joined: Promise.withResolvers(), synced: null };
    this.members.set(memberId, member);
    this.state = 'preparing';
    const joined = member.joined?.promise ?? Promise.reject(new Error('not joined'));
    // Others that ask in this turn are of the same generation.
    setImmediate(() => this.#complete());
    return joined;
  }

  sync(membership: Membership, assignments: ReadonlyMap<string, Buffer>): Promise<Buffer> {
    const member = this.#check(membership);
    if (this.state === 'preparing') return Promise.reject(failureOf(rebalanceInProgress, 'sync'));
    if (membership.memberId === this.#leader && this.state === 'completing') {
      this.#assignments = assignments;
      this.state = 'stable';
      for (const [id, each] of this.members) each.synced?.resolve(this.#of(id));
    }
    if (this.state === 'stable') return Promise.resolve(this.#of(membership.memberId));
    member.synced = Promise.withResolvers();
    return member.synced.promise;
  }

  heartbeat(membership: Membership): void {
    this.#check(membership);
    if (this.state === 'preparing') throw failureOf(rebalanceInProgress, 'heartbeat');
  }

  commit(membership: Membership, offsets: readonly OffsetToCommit[]): void {
    this.#check(membership);
    if (this.state === 'completing') throw failureOf(rebalanceInProgress, 'commit');
    for (const each of offsets) this.setOffset(each);
  }

  /** As an operator's tool does. */
  setOffset(offset: OffsetToCommit): void {
    this.#offsets.set(`${offset.topic}/${offset.partition}`, offset);
  }

  committed({ topic, partition }: TopicPartition): CommittedOffset {
    const found = this.#offsets.get(`${topic}/${partition}`);
    return found ?? { topic, partition, offset: null, metadata: '' };
  }

  /** Its session ended, or it left. */
  remove(memberId: string): void {
    const member = this.members.get(memberId);
    if (member === undefined) return;
    this.members.delete(memberId);
    member.joined?.reject(failureOf(unknownMember, 'join'));
    member.synced?.reject(failureOf(unknownMember, 'sync'));
    if (this.members.size === 0) return;
    this.state = 'preparing';
    this.#complete();
  }

  #complete(): void {
    const all = [...this.members];
    if (this.state !== 'preparing' || all.some(([, { joined }]) => joined === null)) return;
    this.generation += 1;
    this.state = 'completing';
    this.#leader = all[0]?.[0] ?? '';
    const members = all.map(([memberId, { metadata }]) => ({ memberId, metadata }));
    for (const [memberId, member] of all) {
      const { generation } = this;
      const isLeader = memberId === this.#leader;
      member.joined?.resolve({ memberId, generation, members: isLeader ? members : null });
      member.joined = null;
    }
  }

  #of(memberId: string): Buffer {
    return this.#assignments.get(memberId) ?? Buffer.alloc(0);
  }

  #check({ memberId, generation }: Membership): Member {
    const member = this.members.get(memberId);
    if (member === undefined) throw failureOf(unknownMember, 'member');
    if (generation !== this.generation) throw failureOf(illegalGeneration, 'generation');
    return member;
  }
}
