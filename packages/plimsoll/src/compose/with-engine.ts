import { DataDirLock } from '@plimsoll/agent';
import type { Config } from '@plimsoll/runtime';
import { openEngine } from '@plimsoll/storage';
import type { Engine } from '@plimsoll/storage';
import { dataLayout } from './data-layout.ts';
import { engineOptions } from './engine-options.ts';

/**
 * Opens the engine for a command that ends by itself, and closes it whatever happens. The embedded
 * engine's folder is taken as a role takes it.
 *
 * @throws {PlimsollError} `data_dir_locked`
 * @throws {StorageError} when it cannot be opened
 */
export async function withEngine<T>(
  config: Config,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const lock = new DataDirLock(dataLayout(config.data_dir).lock);
  if (config.storage.mode === 'embedded') lock.acquire();
  try {
    const engine = await openEngine(engineOptions(config));
    try {
      return await work(engine);
    } finally {
      await engine.close();
    }
  } finally {
    lock.release();
  }
}
