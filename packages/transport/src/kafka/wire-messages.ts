/**
 * Requests of a group member and their answers, each in the newest version that needs no "flexible"
 * encoding: brokers from 2.3 on speak them, 4.x included. The grammar above each is that of
 * https://kafka.apache.org/protocol. Answers are checked by whoever asked: codes are passed on.
 */
import type {
  CommittedOffset,
  FetchRequest,
  JoinRequest,
  Membership,
  OffsetToCommit,
  TopicPartition,
} from './consumer-client.ts';
import { WireReader, WireWriter } from './wire-codec.ts';

export interface WireMessage<T> {
  apiKey: number;
  apiVersion: number;
  apiName: string;
  body: Buffer;
  decode: (answer: WireReader) => T;
}

export interface BrokerAddress {
  node: number;
  host: string;
  port: number;
}

/**
 * ```
 * request = [topic string], allow auto creation i8
 * answer  = throttle i32, [node i32, host, port i32, rack], cluster id, controller i32,
 *           [code i16, topic, internal i8,
 *            [code i16, partition i32, leader i32, [replica], [in sync], [offline]]]
 * ```
 */
export function metadataRequest(topics: readonly string[]) {
  const body = new WireWriter();
  body.array(topics, (topic) => body.string(topic)).int8(0);
  return {
    apiKey: 3,
    apiVersion: 6,
    apiName: 'Metadata',
    body: body.finish(),
    decode: (answer: WireReader) => {
      answer.skip(4);
      const brokers = answer.array((): BrokerAddress => {
        const [node, host, port] = [answer.int32(), answer.string() ?? '', answer.int32()];
        answer.string();
        return { node, host, port };
      });
      answer.string();
      answer.skip(4);
      const found = answer.array(() => {
        const [code, topic] = [answer.int16(), answer.string() ?? ''];
        answer.skip(1);
        const partitions = answer.array(() => {
          const partition = { code: answer.int16(), id: answer.int32(), leader: answer.int32() };
          for (let list = 0; list < 3; list++) answer.array(() => answer.int32());
          return partition;
        });
        return { code, topic, partitions };
      });
      return { brokers, topics: found };
    },
  } satisfies WireMessage<unknown>;
}

/** `request = group, type i8 (0)`; `answer = throttle i32, code i16, message, node i32, host, port i32` */
export function coordinatorRequest(group: string) {
  return {
    apiKey: 10,
    apiVersion: 2,
    apiName: 'FindCoordinator',
    body: new WireWriter().string(group).int8(0).finish(),
    decode: (answer: WireReader) => {
      const code = answer.skip(4).int16();
      answer.string();
      const [node, host, port] = [answer.int32(), answer.string() ?? '', answer.int32()];
      return { code, broker: { node, host, port } };
    },
  } satisfies WireMessage<unknown>;
}

/**
 * ```
 * request = group, session ms i32, rebalance ms i32, member, instance, type, [protocol, metadata]
 * answer  = throttle i32, code i16, generation i32, protocol, leader, member,
 *           [member, instance, metadata]
 * ```
 */
export function joinRequest(request: JoinRequest) {
  const body = new WireWriter()
    .string(request.group)
    .int32(request.sessionTimeoutMs)
    .int32(request.rebalanceTimeoutMs)
    .string(request.memberId)
    .string(null)
    .string('consumer');
  body.array([request], ({ protocol, metadata }) => body.string(protocol).bytes(metadata));
  return {
    apiKey: 11,
    apiVersion: 5,
    apiName: 'JoinGroup',
    body: body.finish(),
    decode: (answer: WireReader) => {
      const [code, generation] = [answer.skip(4).int16(), answer.int32()];
      answer.string();
      const [leaderId, memberId] = [answer.string() ?? '', answer.string() ?? ''];
      const members = answer.array(() => {
        const id = answer.string() ?? '';
        answer.string();
        return { memberId: id, metadata: answer.bytes() ?? Buffer.alloc(0) };
      });
      return { code, generation, leaderId, memberId, members };
    },
  } satisfies WireMessage<unknown>;
}

/**
 * `request = group, generation i32, member, instance, [member, assignment]`;
 * `answer = throttle i32, code i16, assignment`
 */
export function syncRequest(membership: Membership, assignments: ReadonlyMap<string, Buffer>) {
  const body = memberOf(membership).string(null);
  body.array([...assignments], ([member, assignment]) => body.string(member).bytes(assignment));
  return {
    apiKey: 14,
    apiVersion: 3,
    apiName: 'SyncGroup',
    body: body.finish(),
    decode: (answer: WireReader) => ({
      code: answer.skip(4).int16(),
      assignment: answer.bytes() ?? Buffer.alloc(0),
    }),
  } satisfies WireMessage<unknown>;
}

/** `request = group, generation i32, member, instance`; `answer = throttle i32, code i16` */
export function heartbeatRequest(membership: Membership) {
  return {
    apiKey: 12,
    apiVersion: 3,
    apiName: 'Heartbeat',
    body: memberOf(membership).string(null).finish(),
    decode: (answer: WireReader) => ({ code: answer.skip(4).int16() }),
  } satisfies WireMessage<unknown>;
}

/** `request = group, [member, instance]`; `answer = throttle i32, code i16, …` */
export function leaveRequest({ group, memberId }: Membership) {
  const body = new WireWriter().string(group);
  body.array([memberId], (member) => body.string(member).string(null));
  return {
    apiKey: 13,
    apiVersion: 3,
    apiName: 'LeaveGroup',
    body: body.finish(),
    decode: (answer: WireReader) => ({ code: answer.skip(4).int16() }),
  } satisfies WireMessage<unknown>;
}

/**
 * `request = group, generation i32, member, [topic, [partition i32, offset i64, metadata]]`;
 * `answer = throttle i32, [topic, [partition i32, code i16]]`
 */
export function commitRequest(membership: Membership, offsets: readonly OffsetToCommit[]) {
  const body = memberOf(membership);
  writeByTopic(body, offsets, ({ partition, offset, metadata }) => {
    body.int32(partition).int64(offset).string(metadata);
  });
  return {
    apiKey: 8,
    apiVersion: 5,
    apiName: 'OffsetCommit',
    body: body.finish(),
    decode: (answer: WireReader) => {
      answer.skip(4);
      return readByTopic(answer, (at) => ({ ...at, code: answer.int16() }));
    },
  } satisfies WireMessage<unknown>;
}

/**
 * `request = group, [topic, [partition i32]]`;
 * `answer = throttle i32, [topic, [partition i32, offset i64, metadata, code i16]], code i16`
 */
export function committedRequest(group: string, partitions: readonly TopicPartition[]) {
  const body = new WireWriter().string(group);
  writeByTopic(body, partitions, ({ partition }) => void body.int32(partition));
  return {
    apiKey: 9,
    apiVersion: 4,
    apiName: 'OffsetFetch',
    body: body.finish(),
    decode: (answer: WireReader) => {
      answer.skip(4);
      const offsets = readByTopic(answer, (at): CommittedOffset & { code: number } => {
        const offset = answer.int64();
        const metadata = answer.string() ?? '';
        return { ...at, offset: offset < 0 ? null : offset, metadata, code: answer.int16() };
      });
      return { offsets, code: answer.int16() };
    },
  } satisfies WireMessage<unknown>;
}

/**
 * `request = replica i32 (-1), isolation i8, [topic, [partition i32, time i64 (-2 start, -1 end)]]`;
 * `answer = throttle i32, [topic, [partition i32, code i16, time i64, offset i64]]`
 */
export function offsetsRequest(partition: TopicPartition, which: 'start' | 'end') {
  const body = new WireWriter().int32(-1).int8(0);
  writeByTopic(body, [partition], (each) => {
    body.int32(each.partition).int64(which === 'start' ? -2 : -1);
  });
  return {
    apiKey: 2,
    apiVersion: 3,
    apiName: 'ListOffsets',
    body: body.finish(),
    decode: (answer: WireReader) => {
      answer.skip(4);
      return readByTopic(answer, (at) => {
        const code = answer.int16();
        return { ...at, code, offset: answer.skip(8).int64() };
      });
    },
  } satisfies WireMessage<unknown>;
}

/**
 * Without a session, and of everything that all in-sync replicas have:
 *
 * ```
 * request = replica i32 (-1), wait ms i32, min bytes i32, max bytes i32, isolation i8,
 *           session i32 (0), epoch i32 (-1),
 *           [topic, [partition i32, leader epoch i32, offset i64, log start i64, max bytes i32]],
 *           forgotten [], rack
 * answer  = throttle i32, code i16, session i32,
 *           [topic, [partition i32, code i16, high watermark i64, stable i64, log start i64,
 *                    aborted [producer i64, offset i64], preferred replica i32, records]]
 * ```
 */
export function fetchRequest({ partitions, maxWaitMs, maxBytes }: FetchRequest) {
  const body = new WireWriter().int32(-1).int32(maxWaitMs).int32(1).int32(maxBytes);
  body.int8(0).int32(0).int32(-1);
  writeByTopic(body, partitions, (each) => {
    body.int32(each.partition).int32(-1).int64(each.offset).int64(-1).int32(each.maxBytes);
  });
  body.int32(0).string('');
  return {
    apiKey: 1,
    apiVersion: 11,
    apiName: 'Fetch',
    body: body.finish(),
    decode: (answer: WireReader) => {
      const code = answer.skip(4).int16();
      answer.skip(4);
      const found = readByTopic(answer, (at) => {
        const [of, highWatermark] = [answer.int16(), answer.int64()];
        const logStart = answer.skip(8).int64();
        answer.array(() => answer.skip(16));
        const records = answer.skip(4).bytes() ?? Buffer.alloc(0);
        return { ...at, code: of, highWatermark, logStart, records };
      });
      return { code, partitions: found };
    },
  } satisfies WireMessage<unknown>;
}

function memberOf({ group, generation, memberId }: Membership): WireWriter {
  return new WireWriter().string(group).int32(generation).string(memberId);
}

/** Partitions that follow one another and are of one topic share an entry; their order stays. */
function writeByTopic<T extends TopicPartition>(
  body: WireWriter,
  items: readonly T[],
  write: (item: T) => void,
): void {
  const topics: { topic: string; items: T[] }[] = [];
  for (const item of items) {
    const last = topics.at(-1);
    if (last?.topic === item.topic) last.items.push(item);
    else topics.push({ topic: item.topic, items: [item] });
  }
  body.array(topics, ({ topic, items: ofTopic }) => body.string(topic).array(ofTopic, write));
}

function readByTopic<T>(answer: WireReader, read: (at: TopicPartition) => T): T[] {
  const topics = answer.array(() => {
    const topic = answer.string() ?? '';
    return answer.array(() => read({ topic, partition: answer.int32() }));
  });
  return topics.flat();
}
