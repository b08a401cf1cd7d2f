import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { judgeTopic, missingTopics, neededMessageBytes } from '../../src/kafka/topic-settings.ts';
import { topicOf } from './fake-kafka.ts';

const options = { prefix: 'p', create: true, partitions: 12 };

function made(brokers: number) {
  return missingTopics({ brokers, topics: [] }, options);
}

describe('topics that are not there', () => {
  test.each([
    [1, 1, '1'],
    [2, 2, '1'],
    [3, 3, '2'],
    [9, 3, '2'],
  ])('with %i brokers have %i replicas, of which %s in sync', (brokers, replicas, inSync) => {
    for (const topic of made(brokers)) {
      expect(topic).toMatchObject({ replicas, partitions: 12 });
      expect(topic.settings['min.insync.replicas']).toBe(inSync);
    }
    expect(made(brokers).map(({ name }) => name)).toEqual(['p.logs', 'p.rows']);
  });

  test('keep frames as configured, and letters longer', () => {
    const kinds = ['logs', 'dead-letters'] as const;
    const wanted = { ...options, kinds, retentionMs: 3 * 86_400_000 };
    const topics = missingTopics({ brokers: 3, topics: [] }, wanted);
    expect(
      topics.map(({ name, partitions, settings }) => [name, partitions, settings['retention.ms']]),
    ).toEqual([
      ['p.logs', 12, '259200000'],
      ['p.dead-letters', 1, '1209600000'],
    ]);
  });

  test('have the replicas of the configuration', () => {
    expect(missingTopics({ brokers: 3, topics: [] }, { ...options, replicas: 2 })).toMatchObject([
      { replicas: 2 },
      { replicas: 2 },
    ]);
  });

  test('that we make have nothing against them', () => {
    for (const brokers of [1, 2, 3, 9]) {
      expect(made(brokers).flatMap((topic) => judgeTopic(topicOf(topic), brokers))).toEqual([]);
    }
  });
});

describe('a topic that is there', () => {
  const [good] = made(3).map(topicOf);
  assert(good !== undefined);
  const judged = (settings: Record<string, string>, replicas = 3) =>
    judgeTopic({ ...good, replicas, settings: { ...good.settings, ...settings } }, 3);

  test.each([
    ['takes too little', { 'max.message.bytes': '1048588' }, 'fail: max.message.bytes'],
    ['is compacted', { 'cleanup.policy': 'compact,delete' }, 'fail: cleanup.policy'],
    ['wants more in sync than it has', { 'min.insync.replicas': '4' }, 'no frame could ever'],
    ['acknowledges with one copy', { 'min.insync.replicas': '1' }, 'that only one broker has'],
    ['keeps frames for hours', { 'retention.ms': '3600000' }, 'warn: retention.ms'],
    ['keeps so many bytes', { 'retention.bytes': '1000000' }, 'warn: retention.bytes'],
    ['is compressed by the broker', { 'compression.type': 'lz4' }, 'fail: compression.type'],
    [
      'may lose what it acknowledged',
      { 'unclean.leader.election.enable': 'true' },
      'warn: unclean.leader.election.enable',
    ],
  ])('and %s', (_, settings, words) => {
    const findings = judged(settings);
    expect(findings.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      expect.stringContaining(words),
    ]);
    expect(findings[0]?.remedy).toContain('--add-config');
  });

  test('and has one replica on many brokers', () => {
    expect(judged({ 'min.insync.replicas': '1' }, 1)).toMatchObject([{ level: 'warn' }]);
  });

  test('and whose settings may not be read is used all the same', () => {
    expect(judgeTopic({ ...good, settings: null }, 3)).toMatchObject([
      { level: 'warn', remedy: 'allow DESCRIBE_CONFIGS on the topic p.logs' },
    ]);
  });

  test('and keeps frames for ever', () => {
    expect(judged({ 'retention.ms': '-1', 'retention.bytes': '-1' })).toEqual([]);
  });

  test('and takes as much as is needed', () => {
    expect(judged({ 'max.message.bytes': String(neededMessageBytes) })).toEqual([]);
  });
});
