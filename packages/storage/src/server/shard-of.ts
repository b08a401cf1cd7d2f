import { crc32 } from 'node:zlib';

/**
 * The shard that stores what comes from a partition, the same for the same name: `topic/7` is the
 * eighth partition, so that partitions spread evenly; `topic/7@a`, another life of it, finds there what
 * was stored before. Other names go by a checksum.
 */
export function shardOf(partition: string, shards: number): number {
  const number = /\/(\d{1,9})(?:@[a-z0-9]+)?$/.exec(partition)?.[1];
  return (number === undefined ? crc32(partition) : Number(number)) % shards;
}
