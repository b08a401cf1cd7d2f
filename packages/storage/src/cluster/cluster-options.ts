import type { ColdVolume } from '../migrations/apply-retention.ts';

/**
 * How tables lie on a cluster. The tables of the migrations, and all their views, are in a database
 * of their own on every server, `<database>_local`, under their own names; `<database>` has a
 * Distributed table for each that queries read. So the text of migrations and queries is the same
 * everywhere, and ingest writes to the tables of one shard.
 */
export interface ClusterOptions {
  /** Name of the cluster in the servers' `remote_servers`. */
  name: string;
  /** In Keeper; `{database}` and `{table}` are filled in here, `{shard}` by each server's macros. */
  path: string;
  /** Name of a replica: macros of each server. */
  replica: string;
  /** Storage policy of the tables; the server's default when null. */
  storagePolicy: string | null;
  /** Rows older than this move to the volume of the policy; never when null. */
  cold: ColdVolume | null;
  /** Replicas that must have a block before its insert is acknowledged. */
  insertQuorum: number | 'auto';
}

/** Where the tables are that ingest writes to. */
export function localDatabase(database: string): string {
  return `${database}_local`;
}

export function onCluster(cluster: ClusterOptions): string {
  return `ON CLUSTER ${quotedIdentifier(cluster.name)}`;
}

export function createDatabases(database: string, cluster: ClusterOptions | null): string[] {
  if (!cluster) return [`CREATE DATABASE IF NOT EXISTS ${quotedIdentifier(database)}`];
  return [localDatabase(database), database].map(
    (name) => `CREATE DATABASE IF NOT EXISTS ${quotedIdentifier(name)} ${onCluster(cluster)}`,
  );
}

export function quotedIdentifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}
