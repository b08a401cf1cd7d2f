import type { Config } from '@plimsoll/runtime';
import { printSchema } from '@plimsoll/storage';
import type { Terminal } from '@plimsoll/cli';
import { clusterOptions } from './engine-options.ts';

/** Prints every statement of the schema; resolves with the exit code. */
export async function printMigrations(
  config: Config,
  clusterName: string | undefined,
  { stdout }: Terminal,
): Promise<number> {
  const { database, retention } = config.storage;
  const cluster = clusterOptions(config, clusterName);
  stdout.write(await printSchema({ database, cluster, retention }));
  return 0;
}
