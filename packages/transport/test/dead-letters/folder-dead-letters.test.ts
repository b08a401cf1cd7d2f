import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@plimsoll/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeJournalFile } from '../../src/direct/journal-file.ts';
import { maxReplayed } from '../../src/dead-letters/folder-dead-letters.ts';
import { DeadLetterReplays, FolderDeadLetters, publishLetter } from '../../src/index.ts';
import { describeStore, frame, letter } from './store-conformance.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'plimsoll-dead-'));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

const id = 'plimsoll.logs_3_a1-1';

describeStore(async () => ({ reopen: () => new FolderDeadLetters({ directory }) }));

test('a note that is lost leaves what the name says', async () => {
  const letters = new FolderDeadLetters({ directory });
  await letters.write(letter(5, { partition: 'direct', part: '-0-7' }));
  await rm(join(directory, 'direct-5-0-7.json'));
  expect(await letters.list()).toMatchObject(
    [{ id: 'direct-5-0-7', partition: 'direct', offset: 5, part: '-0-7', reason: /note/ }].map(
      (wanted) => ({ ...wanted, reason: expect.stringMatching(wanted.reason) as string }),
    ),
  );
});

test('what a crash left of a write is no letter', async () => {
  const letters = new FolderDeadLetters({ directory });
  await writeFile(join(directory, `${id}.json`), '{}');
  await writeFile(join(directory, `.${id}.frame.1.1.tmp`), 'half');
  expect(await letters.count()).toBe(0);
  await letters.write(letter(1));
  expect(await letters.list()).toMatchObject([{ id, offset: 1 }]);
});

test(`of replayed letters the newest ${maxReplayed} are kept`, { timeout: 60_000 }, async () => {
  const letters = new FolderDeadLetters({ directory });
  await letters.write(letter(1));
  await letters.markReplayed(id);
  const replayed = join(directory, 'replayed');
  for (let more = 0; more < maxReplayed + 5; more++) {
    await writeFile(join(replayed, `direct-${more}.frame`), 'x');
  }
  await letters.write(letter(2));
  await letters.markReplayed('plimsoll.logs_3_a1-2');
  const names = (await readdir(replayed)).filter((name) => name.endsWith('.frame'));
  expect(names).toHaveLength(maxReplayed);
  expect(names).toContain('plimsoll.logs_3_a1-2.frame');
});

describe('replays by the process that has the journal', () => {
  const replay = async (publish: () => Promise<void>): Promise<FolderDeadLetters> => {
    const letters = new FolderDeadLetters({ directory });
    await letters.write(letter(1));
    expect(await letters.requestReplay(id)).toBe(true);
    expect(await letters.requestReplay(id)).toBe(true);
    expect(await letters.requestReplay('nothing')).toBe(false);
    const replays = new DeadLetterReplays({
      letters,
      publisher: { publish },
      logger: silentLogger(),
      intervalMs: 5,
    });
    replays.start();
    await new Promise((resolve) => setTimeout(resolve, 60));
    await replays.stop();
    return letters;
  };

  test('publish each letter once and mark it', async () => {
    let published = 0;
    const letters = await replay(async () => {
      published += 1;
    });
    expect(published).toBe(1);
    expect(await letters.count()).toBe(0);
    expect(await letters.requested()).toEqual([]);
  });

  test('leave a letter that cannot be published, and do not try it without end', async () => {
    let tries = 0;
    const letters = await replay(async () => {
      tries += 1;
      throw new Error('frame too large');
    });
    expect(tries).toBe(1);
    expect(await letters.requested()).toEqual([id]);
    expect(await letters.count()).toBe(1);
  });
});

test('of a damaged journal file the frames that are whole are published', async () => {
  const broken = Buffer.from(frame);
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
  const name = '0000000000000001-0000000000000003.batch';
  const file = Buffer.concat(encodeJournalFile([frame, broken, frame]));
  await writeFile(join(directory, name), file);
  await writeFile(join(directory, `${name}.reason`), 'the checksum does not match\n');
  const letters = new FolderDeadLetters({ directory });
  const stored = await letters.get(name);
  if (!stored) throw new Error('expected a letter');
  expect(stored).toMatchObject({ cause: 'damaged', reason: 'the checksum does not match' });
  const keys: string[] = [];
  const publisher = { publish: async ({ key }: { key: string }) => void keys.push(key) };
  expect(await publishLetter(stored, publisher)).toBe(2);
  expect(keys).toEqual(['shop/h', 'shop/h']);
  const torn = { ...stored, bytes: file.subarray(0, 30) };
  await expect(publishLetter(torn, publisher)).rejects.toThrow('no frame of the journal file');
});
