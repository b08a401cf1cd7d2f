import type { Config } from '@plimsoll/runtime';
import { migrate } from '@plimsoll/storage';
import { prepareDataDir } from '@plimsoll/agent';
import type { Terminal } from '@plimsoll/cli';
import { withEngine } from './with-engine.ts';

/** Migrates and says what was done; resolves with the exit code. */
export async function runMigrations(config: Config, { stdout }: Terminal): Promise<number> {
  const { mode, retention } = config.storage;
  if (mode === 'embedded') prepareDataDir(config.data_dir);
  const result = await withEngine(config, (engine) =>
    migrate(engine, {
      retention,
      onProgress: ({ version, name, done, total }) => {
        const number = String(version).padStart(4, '0');
        stdout.write(`${number} ${name}: statement ${done} of ${total}\n`);
      },
    }),
  );
  const { version, statementsRun, retentionChanged } = result;
  const done = statementsRun === 0 ? 'nothing to do' : `${statementsRun} statements run`;
  stdout.write(`The tables are at version ${version}: ${done}.\n`);
  if (retentionChanged.length > 0) {
    stdout.write(`Retention was set as configured for ${retentionChanged.join(', ')}.\n`);
  }
  return 0;
}
