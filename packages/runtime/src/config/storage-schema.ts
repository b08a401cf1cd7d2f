import { z } from 'zod';
import { duration } from './quantity.ts';

const replicas = z.array(z.url()).min(1).max(16);

/** Tables of a cluster; without a name there is none. */
const cluster = z.strictObject({
  /** In the servers' `remote_servers`. */
  name: z
    .string()
    .regex(/^[A-Za-z_][\w-]*$/)
    .meta({ expected: 'the name of a cluster: letters, digits, _ and -' })
    .optional(),
  /** Of a table in Keeper. */
  replica_path: z
    .string()
    .regex(/^\/.*\{table\}/)
    .meta({ expected: 'a path in Keeper with {shard}, {database} and {table}' })
    .default('/clickhouse/tables/{shard}/{database}/{table}'),
  /** Name of a replica, of the servers' macros. */
  replica: z.string().min(1).default('{replica}'),
  storage_policy: z.string().min(1).optional(),
  /** Volume of the policy that rows move to after `cold_after`. */
  cold_volume: z.string().min(1).optional(),
  cold_after: duration.prefault('3d'),
  /** Replicas that must have a block before it is acknowledged; `auto` is more than half of them. */
  insert_quorum: z
    .union([z.literal('auto'), z.number().int().min(1).max(16)])
    .meta({ expected: 'auto or a whole number from 1 to 16' })
    .default(1),
});

export const storage = z
  .strictObject({
    /** `embedded`: ClickHouse in this process, below data_dir. `server`: by url. */
    mode: z.enum(['embedded', 'server']).default('embedded'),
    url: z.url().default('http://127.0.0.1:8123'),
    /** Replicas of the same data, the one to use first; in place of url. */
    urls: replicas.optional(),
    /** The replicas of each shard; in place of url. */
    shards: z.array(replicas).min(1).max(256).optional(),
    username: z.string().default('default'),
    password: z.string().min(1).meta({ secret: true }).optional(),
    tls: z
      .strictObject({
        /** Files in PEM. */
        ca: z.string().min(1).optional(),
        cert: z.string().min(1).optional(),
        key: z.string().min(1).optional(),
      })
      .prefault({}),
    connect_timeout: duration.prefault('5s'),
    /** For a whole insert: its data sent and its rows stored. */
    insert_timeout: duration.prefault('2m'),
    /** Of results and of rows sent as text; `auto`: where they leave this host. */
    compression: z.enum(['auto', 'on', 'off']).default('auto'),
    database: z
      .string()
      .regex(/^[a-z_][a-z0-9_]*$/)
      .meta({ expected: 'a database name of small letters, digits and _' })
      .default('plimsoll'),
    cluster: cluster.prefault({}),
    /** How long rows are kept, by table; 0 keeps them for ever. */
    retention: z
      .strictObject({
        logs: duration.prefault('14d'),
        container_stats: duration.prefault('30d'),
        host_stats: duration.prefault('90d'),
        events: duration.prefault('90d'),
        alerts: duration.prefault('90d'),
        samples: duration.prefault('30d'),
      })
      .prefault({}),
  })
  .prefault({});
