/** For the tests of this package and of those that read and write its tables. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, openEngine, type Engine, type OpenEngineOptions } from '../../src/index.ts';

export interface TestEngine extends AsyncDisposable {
  engine: Engine;
  folder: string;
}

/**
 * A real engine in a folder of its own; migrated unless told otherwise, from a copy of a folder that was
 * migrated before, where `PLIMSOLL_TEST_MIGRATED` names one.
 */
export async function openTestEngine(
  options: Partial<OpenEngineOptions> & { isMigrated?: boolean } = {},
): Promise<TestEngine> {
  const { isMigrated = true, ...rest } = options;
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-storage-'));
  const path = join(folder, 'engine');
  const migrated = process.env['PLIMSOLL_TEST_MIGRATED'];
  if (isMigrated && migrated) await cp(migrated, path, { recursive: true, verbatimSymlinks: true });
  const engine = await openEngine({
    mode: 'embedded',
    path,
    database: 'plimsoll',
    ...rest,
  });
  if (isMigrated) await migrate(engine);
  return {
    engine,
    folder,
    [Symbol.asyncDispose]: async () => {
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
