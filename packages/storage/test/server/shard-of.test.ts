import { assert, integer, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { shardOf } from '../../src/server/shard-of.ts';

test('partitions of a topic spread evenly over shards', () => {
  const shards = Array.from({ length: 12 }, (_, index) => shardOf(`plimsoll.logs/${index}`, 3));
  for (const shard of [0, 1, 2]) expect(shards.filter((found) => found === shard)).toHaveLength(4);
});

test('another life of a partition has the shard of the one before: its ranges are there', () => {
  expect(shardOf('plimsoll.logs/7@mh3k2x9a', 3)).toBe(shardOf('plimsoll.logs/7', 3));
});

test('any name has one shard, the same each time', () => {
  assert(
    property(string(), integer({ min: 1, max: 256 }), (name, shards) => {
      const shard = shardOf(name, shards);
      expect(shard).toBe(shardOf(name, shards));
      expect(shard).toBeGreaterThanOrEqual(0);
      expect(shard).toBeLessThan(shards);
    }),
  );
});
