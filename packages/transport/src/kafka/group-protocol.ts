/**
 * What members of the group tell one another, in the layout of Kafka's own consumers so that its
 * tools show it: a subscription from each member to the leader, an assignment from it to each.
 *
 * ```
 * subscription = version i16 (0), [topic string], user data bytes
 * assignment   = version i16 (0), [topic string, [partition i32]], user data bytes
 * user data    = JSON {"v":1,"generation":7,"owned":{"plimsoll.logs":[0,3]},"nonce":2}
 * ```
 *
 * The protocol has a name of its own and no standard one beside it: another kind of consumer in this
 * group would take frames and not store them, so the broker is to refuse it.
 */
import type { GroupMemberState } from './assignor.ts';
import type { TopicPartition } from './consumer-client.ts';
import { WireReader, WireWriter } from './wire-codec.ts';

export const protocolName = 'plimsoll-v1';

export interface Subscription extends Omit<GroupMemberState, 'memberId'> {
  topics: readonly string[];
  /**
   * Another number makes the coordinator begin a new generation. With the same one a member that
   * joins again is told the generation that is.
   */
  nonce: number;
}

export function encodeSubscription({ topics, owned, generation, nonce }: Subscription): Buffer {
  const user = JSON.stringify({ v: 1, generation, owned: byTopic(owned), nonce });
  const writer = new WireWriter().int16(0);
  return writer
    .array(topics, (topic) => writer.string(topic))
    .bytes(Buffer.from(user))
    .finish();
}

/** A member that tells nothing to be understood has nothing; it gets its share all the same. */
export function decodeMember(memberId: string, metadata: Buffer): GroupMemberState {
  try {
    const reader = new WireReader(metadata);
    reader.int16();
    reader.array(() => reader.string());
    const user: unknown = JSON.parse((reader.bytes() ?? Buffer.alloc(0)).toString());
    if (typeof user !== 'object' || user === null) throw new Error('no object');
    const generation: unknown = Reflect.get(user, 'generation');
    const owned: unknown = Reflect.get(user, 'owned');
    return {
      memberId,
      generation: typeof generation === 'number' ? generation : -1,
      owned: ownedOf(owned),
    };
  } catch {
    return { memberId, generation: -1, owned: [] };
  }
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const writer = new WireWriter().int16(0);
  writer.array(Object.entries(byTopic(partitions)), ([topic, numbers]) =>
    writer.string(topic).array(numbers, (number) => writer.int32(number)),
  );
  return writer.bytes(Buffer.alloc(0)).finish();
}

/** Empty for a member that the leader left out. @throws {RangeError} for anything else */
export function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return [];
  const reader = new WireReader(bytes);
  reader.int16();
  const topics = reader.array(() => {
    const topic = reader.string() ?? '';
    return reader.array(() => ({ topic, partition: reader.int32() }));
  });
  return topics.flat();
}

function byTopic(partitions: readonly TopicPartition[]): Record<string, number[]> {
  const topics: Record<string, number[]> = {};
  for (const { topic, partition } of partitions) (topics[topic] ??= []).push(partition);
  return topics;
}

function ownedOf(owned: unknown): TopicPartition[] {
  if (typeof owned !== 'object' || owned === null) return [];
  return Object.entries(owned).flatMap(([topic, numbers]: [string, unknown]) =>
    Array.isArray(numbers)
      ? numbers.flatMap((partition: unknown) =>
          typeof partition === 'number' ? [{ topic, partition }] : [],
        )
      : [],
  );
}
