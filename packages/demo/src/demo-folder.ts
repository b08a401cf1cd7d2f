/** The demo begins anew each time. What it may empty is marked as its own, so that nothing else is. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '@plimsoll/runtime';

const marker = 'this-is-a-plimsoll-demo';

/**
 * Empties a data folder of an earlier demo, but for the names to keep; makes it when it is not there.
 *
 * @throws {PlimsollError} `data_dir_unusable` for a folder with anything else in it.
 */
export function prepareDemoFolder(path: string, keep: readonly string[] = []): void {
  mkdirSync(path, { recursive: true });
  const kept = new Set([marker, ...keep]);
  const names = readdirSync(path);
  const others = names.filter((name) => !kept.has(name));
  if (others.length > 0 && !names.includes(marker)) {
    throw new PlimsollError(
      'data_dir_unusable',
      `expected an empty folder or one of an earlier demo at ${path}, found ${others[0] ?? ''}`,
      {
        hint: 'Give the demo a folder of its own with --data-dir: it empties what it finds there.',
      },
    );
  }
  for (const name of others) rmSync(join(path, name), { recursive: true, force: true });
  writeFileSync(join(path, marker), 'The demo of Plimsoll empties this folder at every start.\n');
}
