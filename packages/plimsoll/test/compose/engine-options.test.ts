import { configSchema } from '@plimsoll/runtime';
import { expect, test } from 'vitest';
import { clusterOptions, engineOptions } from '../../src/compose/engine-options.ts';

test('one URL, replicas or shards, whichever the configuration has', () => {
  const addresses = (storage: object): unknown => {
    const { url, urls, shards } = engineOptions(configSchema.parse({ storage }));
    return { url, urls, shards };
  };
  expect(addresses({ mode: 'server', url: 'http://a:1' })).toEqual({ url: 'http://a:1' });
  expect(addresses({ mode: 'server', urls: ['http://a:1'] })).toEqual({ urls: ['http://a:1'] });
  expect(addresses({ mode: 'server', shards: [['http://a:1']] })).toEqual({
    shards: [['http://a:1']],
  });
});

test('a cluster has a name, of the configuration or given', () => {
  const config = configSchema.parse({});
  expect(clusterOptions(config)).toBeNull();
  expect(clusterOptions(config, 'fleet')).toEqual({
    name: 'fleet',
    path: '/clickhouse/tables/{shard}/{database}/{table}',
    replica: '{replica}',
    storagePolicy: null,
    cold: null,
    insertQuorum: 1,
  });
  const cluster = { name: 'x', storage_policy: 'tiered', cold_volume: 'cold', cold_after: '2d' };
  expect(clusterOptions(configSchema.parse({ storage: { cluster } }))).toMatchObject({
    name: 'x',
    cold: { volume: 'cold', afterMs: 172_800_000 },
  });
});

test('limits and certificates are passed on', () => {
  const storage = {
    connect_timeout: '3s',
    insert_timeout: '1m',
    compression: 'off',
    tls: { ca: 'a', cert: 'b', key: 'c' },
  };
  expect(engineOptions(configSchema.parse({ storage }))).toMatchObject({
    connectTimeoutMs: 3_000,
    insertTimeoutMs: 60_000,
    isCompressed: false,
    tls: { caFile: 'a', certFile: 'b', keyFile: 'c' },
  });
});
