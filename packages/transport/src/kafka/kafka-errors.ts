/** Error codes of Kafka's protocol, as far as a consumer meets them, and what each means here. */
import { KafkaFailure, type KafkaFailureKind } from './kafka-client.ts';

const codes: Readonly<Record<number, [name: string, kind: KafkaFailureKind]>> = {
  1: ['OFFSET_OUT_OF_RANGE', 'out_of_range'],
  3: ['UNKNOWN_TOPIC_OR_PARTITION', 'unknown_topic'],
  5: ['LEADER_NOT_AVAILABLE', 'moved'],
  6: ['NOT_LEADER_OR_FOLLOWER', 'moved'],
  7: ['REQUEST_TIMED_OUT', 'moved'],
  9: ['REPLICA_NOT_AVAILABLE', 'moved'],
  12: ['OFFSET_METADATA_TOO_LARGE', 'refused'],
  14: ['COORDINATOR_LOAD_IN_PROGRESS', 'moved'],
  15: ['COORDINATOR_NOT_AVAILABLE', 'moved'],
  16: ['NOT_COORDINATOR', 'moved'],
  22: ['ILLEGAL_GENERATION', 'fenced'],
  23: ['INCONSISTENT_GROUP_PROTOCOL', 'refused'],
  25: ['UNKNOWN_MEMBER_ID', 'fenced'],
  26: ['INVALID_SESSION_TIMEOUT', 'refused'],
  27: ['REBALANCE_IN_PROGRESS', 'rebalance'],
  29: ['TOPIC_AUTHORIZATION_FAILED', 'denied'],
  30: ['GROUP_AUTHORIZATION_FAILED', 'denied'],
  31: ['CLUSTER_AUTHORIZATION_FAILED', 'denied'],
  56: ['KAFKA_STORAGE_ERROR', 'moved'],
  74: ['FENCED_LEADER_EPOCH', 'moved'],
  75: ['UNKNOWN_LEADER_EPOCH', 'moved'],
  78: ['OFFSET_NOT_AVAILABLE', 'moved'],
  79: ['MEMBER_ID_REQUIRED', 'refused'],
  81: ['GROUP_MAX_SIZE_REACHED', 'refused'],
  82: ['FENCED_INSTANCE_ID', 'fenced'],
};

export const memberIdRequired = 79;

const remedies: Readonly<Record<number, string>> = {
  12: 'raise offset.metadata.max.bytes of the brokers to its default, 4096',
  23: 'another kind of consumer uses this group: give Plimsoll one of its own in transport.kafka.group',
  26: 'keep transport.kafka.session_timeout between group.min.session.timeout.ms and group.max.session.timeout.ms of the brokers',
  29: 'give this user READ and DESCRIBE on the topics',
  30: 'give this user READ on the group in transport.kafka.group',
  81: 'raise group.max.size of the brokers, or run fewer replicas',
};

/** `asked` names what the broker was asked: `commit of plimsoll.logs/3`. */
export function failureOf(code: number, asked: string): KafkaFailure {
  const [name, kind] = codes[code] ?? [`error ${code}`, 'refused'];
  const remedy = remedies[code];
  return new KafkaFailure(
    kind,
    `${asked}: ${name}${remedy === undefined ? '' : `; what to do: ${remedy}`}`,
  );
}

/** @throws {KafkaFailure} for any code but 0 */
export function assertOk(code: number, asked: string): void {
  if (code !== 0) throw failureOf(code, asked);
}
