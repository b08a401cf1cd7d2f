import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, openEngine, type Engine } from '@plimsoll/storage';

/** A real engine with the real schema in a folder of its own. */
export async function openTestEngine(): Promise<{ engine: Engine; close: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'plimsoll-alerting-'));
  const migrated = process.env['PLIMSOLL_TEST_MIGRATED'];
  if (migrated) await cp(migrated, path, { recursive: true, verbatimSymlinks: true });
  const engine = await openEngine({ mode: 'embedded', path, database: 'plimsoll' });
  await migrate(engine);
  return {
    engine,
    close: async () => {
      await engine.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}
