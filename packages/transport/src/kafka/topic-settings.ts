/**
 * What the topics of frames must be like, and what stands in the way where they are not. Pure.
 *
 * - `<prefix>.logs`, `<prefix>.rows`: frames by kind; the key is tenant and host, so all frames of a
 *   host are in one partition, in order.
 * - `<prefix>.dead-letters`: what ingest could not store, kept longer.
 * - A batch may be as large as the largest frame, which is more than a broker takes by itself.
 * - An acknowledged frame must outlive a broker: three replicas, two of them in sync, and no leader
 *   that lacks what was acknowledged.
 */
import type { OutboundFrame } from '../transport.ts';
import type { KafkaCluster, KafkaTopic, NewTopic } from './kafka-client.ts';

export type FrameKind = OutboundFrame['kind'];

export const frameKinds: readonly FrameKind[] = ['logs', 'rows'];

export type TopicKind = FrameKind | 'dead-letters';

/** `max.message.bytes` that the topics need. Kafka counts a batch as a whole. */
export const neededMessageBytes = 16 * 1024 * 1024;

/** Longest frame; the rest of a message is key, headers and the batch around it. */
export const maxKafkaFrameBytes = neededMessageBytes - 64 * 1024;

/** Retention of letters: a person looks at them. */
const deadLetterRetentionMs = 14 * 86_400_000;
const deadLetterPartitions = 1;
/** Ingest may be away for a day, a weekend's worth is better. */
const leastRetentionMs = 86_400_000;
/** Of what a broker may compress with, what Node can read. */
const readableCompressions = new Set(['producer', 'uncompressed', 'gzip', 'zstd']);

export function topicName(prefix: string, kind: TopicKind): string {
  return `${prefix}.${kind}`;
}

export interface TopicOptions {
  prefix: string;
  /** Which of them are wanted. Default: those of frames. */
  kinds?: readonly TopicKind[];
  /** Whether topics that are not there are made. */
  create: boolean;
  /** Of a topic that is made. */
  partitions: number;
  /** Of a topic that is made; default: three, or as many as there are brokers. */
  replicas?: number | undefined;
  /** Of a topic of frames that is made. Default: the brokers' own. */
  retentionMs?: number;
}

export function topicNames({ prefix, kinds = frameKinds }: TopicOptions): string[] {
  return kinds.map((kind) => topicName(prefix, kind));
}

/** Topics that are wanted and not there. */
export function missingTopics(cluster: KafkaCluster, options: TopicOptions): NewTopic[] {
  const { prefix, partitions, kinds = frameKinds } = options;
  const replicas = options.replicas ?? Math.min(3, Math.max(1, cluster.brokers));
  const known = new Set(cluster.topics.map(({ name }) => name));
  return kinds
    .filter((kind) => !known.has(topicName(prefix, kind)))
    .map((kind) => {
      const isLetters = kind === 'dead-letters';
      const retentionMs = isLetters ? deadLetterRetentionMs : options.retentionMs;
      return {
        name: topicName(prefix, kind),
        partitions: isLetters ? deadLetterPartitions : partitions,
        replicas,
        settings: {
          'cleanup.policy': 'delete',
          'max.message.bytes': String(neededMessageBytes),
          'min.insync.replicas': replicas >= 3 ? '2' : '1',
          'unclean.leader.election.enable': 'false',
          ...(retentionMs !== undefined && { 'retention.ms': String(retentionMs) }),
        },
      };
    });
}

export interface TopicFinding {
  /** `fail`: frames would be lost or refused for ever, so nothing is published. */
  level: 'fail' | 'warn';
  topic: string;
  /** What was expected and what came. */
  message: string;
  remedy: string;
}

/** Everything that keeps a topic from holding what is promised. */
export function judgeTopic(topic: KafkaTopic, brokers: number): TopicFinding[] {
  return [...judgeReplicas(topic, brokers), ...judgeSettings(topic)];
}

function judgeReplicas({ name, replicas, leaderless, partitions }: KafkaTopic, brokers: number) {
  const findings: TopicFinding[] = [];
  if (leaderless > 0) {
    findings.push({
      level: 'warn',
      topic: name,
      message: `expected a leader for each partition, got none for ${leaderless} of ${partitions}`,
      remedy: 'start the brokers that hold their replicas',
    });
  }
  if (replicas < 2 && brokers > 1) {
    findings.push({
      level: 'warn',
      topic: name,
      message: `expected 3 replicas, got ${replicas}: a broker that is lost takes frames with it`,
      remedy: `add replicas with kafka-reassign-partitions.sh`,
    });
  }
  return findings;
}

function judgeSettings({ name, replicas, settings }: KafkaTopic): TopicFinding[] {
  if (settings === null) {
    return [
      {
        level: 'warn',
        topic: name,
        message: 'its settings could not be read, so they were not checked',
        remedy: `allow DESCRIBE_CONFIGS on the topic ${name}`,
      },
    ];
  }
  const findings: TopicFinding[] = [];
  const add = (level: 'fail' | 'warn', message: string, wanted: string): void => {
    findings.push({ level, topic: name, message, remedy: alter(name, wanted) });
  };
  const limit = numberOf(settings['max.message.bytes']);
  if (limit < neededMessageBytes) {
    add(
      'fail',
      `max.message.bytes: expected at least ${neededMessageBytes}, got ${limit}: a large frame could never be stored`,
      `max.message.bytes=${neededMessageBytes}`,
    );
  }
  const policy = settings['cleanup.policy'] ?? 'delete';
  if (policy.split(',').some((part) => part.trim() === 'compact')) {
    add(
      'fail',
      `cleanup.policy: expected delete, got ${policy}: of each host only the last frame would be kept`,
      'cleanup.policy=delete',
    );
  }
  const inSync = numberOf(settings['min.insync.replicas'] ?? '1');
  if (inSync > replicas) {
    add(
      'fail',
      `min.insync.replicas: expected at most the ${replicas} replicas of the topic, got ${inSync}: no frame could ever be acknowledged`,
      `min.insync.replicas=${Math.max(1, replicas - 1)}`,
    );
  } else if (inSync < 2 && replicas >= 3) {
    add(
      'warn',
      `min.insync.replicas: expected 2, got ${inSync}: a frame may be acknowledged that only one broker has`,
      'min.insync.replicas=2',
    );
  }
  const compression = settings['compression.type'] ?? 'producer';
  if (!readableCompressions.has(compression)) {
    add(
      'fail',
      `compression.type: expected producer, got ${compression}: ingest cannot read what the broker compresses so`,
      'compression.type=producer',
    );
  }
  findings.push(...judgeRetention(name, settings));
  if (settings['unclean.leader.election.enable'] === 'true') {
    add(
      'warn',
      'unclean.leader.election.enable: expected false, got true: a new leader may lack frames that were acknowledged',
      'unclean.leader.election.enable=false',
    );
  }
  return findings;
}

/** What retention takes before ingest has stored it is lost. */
function judgeRetention(name: string, settings: Readonly<Record<string, string>>): TopicFinding[] {
  const findings: TopicFinding[] = [];
  const keptMs = Number(settings['retention.ms'] ?? -1);
  if (keptMs >= 0 && keptMs < leastRetentionMs) {
    findings.push({
      level: 'warn',
      topic: name,
      message: `retention.ms: expected at least ${leastRetentionMs}, got ${keptMs}: frames are lost when ingest is away for longer`,
      remedy: alter(name, `retention.ms=${3 * leastRetentionMs}`),
    });
  }
  const keptBytes = Number(settings['retention.bytes'] ?? -1);
  if (keptBytes >= 0) {
    findings.push({
      level: 'warn',
      topic: name,
      message: `retention.bytes: expected none, got ${keptBytes}: a flood of logs may push out frames that are not stored yet`,
      remedy: alter(name, 'retention.bytes=-1'),
    });
  }
  return findings;
}

function alter(topic: string, setting: string): string {
  return `kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config ${setting}`;
}

/** A setting that is not there stands in no one's way. */
function numberOf(text: string | undefined): number {
  const value = Number(text ?? Number.NaN);
  return Number.isFinite(value) ? value : Number.POSITIVE_INFINITY;
}
