import type { Terminal } from '@plimsoll/cli';
import type { Config } from '@plimsoll/runtime';
import { withLetters, type LetterOptions } from './open-letters.ts';
import { letterJson, letterTable } from './render-letters.ts';
import { selectLetters } from './select-letters.ts';

export async function listLetters(
  config: Config,
  terminal: Terminal,
  { filter, isAll, isJson }: LetterOptions,
): Promise<number> {
  return withLetters(config, async (store) => {
    const letters = selectLetters(await store.list(), filter).filter(
      ({ state }) => isAll || state !== 'replayed',
    );
    if (isJson) {
      terminal.stdout.write(`${JSON.stringify(letters.map(letterJson), null, 2)}\n`);
    } else if (letters.length === 0) {
      terminal.stdout.write(`No dead letters (${store.place}).\n`);
    } else {
      terminal.stdout.write(letterTable(letters));
    }
    return 0;
  });
}
