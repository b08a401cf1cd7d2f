/**
 * A data folder of the embedded engine with the schema of this tree, made once and kept: a test that
 * wants tables copies it (a quarter of a second) where the migrations would take three. Named to the
 * tests by `PLIMSOLL_TEST_MIGRATED`; a test that finds nothing there migrates an empty folder.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const cache = join(root, 'node_modules/.cache/plimsoll-test');
const prefix = 'migrated-';
/** What decides how the folder looks. */
const sources = [
  'packages/storage/migrations/*.sql',
  'packages/storage/src/{migrations,embedded}/*.ts',
  'node_modules/chdb/package.json',
];

/** Called by vitest before the tests, for this name. */
export function setup(): void {
  const name = `${prefix}${digest()}`;
  const folder = join(cache, name);
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    for (const old of readdirSync(cache)) {
      if (old.startsWith(prefix)) rmSync(join(cache, old), { recursive: true, force: true });
    }
    const unfinished = join(cache, `unfinished-${process.pid}`);
    execFileSync(process.execPath, ['--input-type=module', '-e', script(unfinished)], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    renameSync(unfinished, folder);
  }
  process.env['PLIMSOLL_TEST_MIGRATED'] = folder;
}

function digest(): string {
  const hash = createHash('sha256');
  for (const path of globSync(sources, { cwd: root }).toSorted()) {
    hash.update(path).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex').slice(0, 16);
}

function script(path: string): string {
  const storage = new URL('../../packages/storage/src/index.ts', import.meta.url).href;
  return `
    import { migrate, openEngine } from ${JSON.stringify(storage)};
    const engine = await openEngine({ mode: 'embedded', path: ${JSON.stringify(path)}, database: 'plimsoll' });
    await migrate(engine);
    await engine.close();`;
}
