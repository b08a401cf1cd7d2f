/** What an error of kafkajs, or of a socket, means. */
import { messageOf } from '@plimsoll/runtime';
import { KafkaFailure, type KafkaFailureKind } from './kafka-client.ts';

const kindsByType: Readonly<Record<string, KafkaFailureKind>> = {
  MESSAGE_TOO_LARGE: 'too_large',
  RECORD_LIST_TOO_LARGE: 'too_large',
  NOT_ENOUGH_REPLICAS: 'not_enough_replicas',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'not_enough_replicas',
  UNKNOWN_TOPIC_OR_PARTITION: 'unknown_topic',
  TOPIC_AUTHORIZATION_FAILED: 'denied',
  CLUSTER_AUTHORIZATION_FAILED: 'denied',
  SASL_AUTHENTICATION_FAILED: 'denied',
  UNSUPPORTED_SASL_MECHANISM: 'denied',
  ILLEGAL_SASL_STATE: 'denied',
};

const kindsByName: Readonly<Record<string, KafkaFailureKind>> = {
  KafkaJSSASLAuthenticationError: 'denied',
  KafkaJSConnectionError: 'unreachable',
  KafkaJSConnectionClosedError: 'unreachable',
  KafkaJSRequestTimeoutError: 'unreachable',
  KafkaJSBrokerNotFound: 'unreachable',
  KafkaJSNoBrokerAvailableError: 'unreachable',
  KafkaJSTimeout: 'unreachable',
};

/** What is known of an error, looked for through its causes and parts. */
export function toFailure(error: unknown): KafkaFailure {
  if (error instanceof KafkaFailure) return error;
  const chain = causesOf(error);
  const kinds = chain.map(
    (each) => kindsByType[textOf(each, 'type')] ?? kindsByName[textOf(each, 'name')],
  );
  const at = kinds.findIndex((kind) => kind !== undefined);
  const message = messageOf(chain[at] ?? error);
  return new KafkaFailure(kinds[at] ?? 'refused', message, error);
}

function causesOf(error: unknown): unknown[] {
  const found: unknown[] = [];
  let next: unknown[] = [error];
  for (let depth = 0; depth < 5 && next.length > 0; depth++) {
    found.push(...next);
    next = next.flatMap((each) => {
      if (!(each instanceof Error)) return [];
      const parts: unknown[] = 'errors' in each && Array.isArray(each.errors) ? each.errors : [];
      return each.cause === undefined ? parts : [each.cause, ...parts];
    });
  }
  return found;
}

function textOf(value: unknown, key: string): string {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) {
    return key === 'name' && value instanceof Error ? value.name : '';
  }
  const found: unknown = Reflect.get(value, key);
  return typeof found === 'string' ? found : '';
}
