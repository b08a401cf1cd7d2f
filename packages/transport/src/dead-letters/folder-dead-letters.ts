/**
 * Letters as files, for a process without a broker:
 *
 *     <id>.frame  <id>.json      waiting: the bytes, and what is known of them
 *     replay/<id>.frame, .json   to be published by the process that has the journal
 *     replayed/<id>.frame, .json published; the newest {@link maxReplayed} are kept
 *     <first>-<last>.batch       a damaged journal file, with a `.reason` beside it
 *
 * Moves are renames, so that a letter is in one place whoever dies; the `.json` goes first where a
 * letter is written and last where it is moved. Letters of earlier versions have a `.reason`.
 */
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, syncDirectory, writeFileAtomic } from '@plimsoll/runtime';
import {
  deadLetterId,
  maxListedLetters,
  type DeadLetter,
  type DeadLetterStore,
  type LetterState,
  type LetterSummary,
  type StoredLetter,
} from './dead-letter.ts';
import { letterContent } from './letter-content.ts';
import { parseLetterNote, letterNote, type LetterNote } from './letter-note.ts';

/** Replayed letters that are kept to be looked at. */
export const maxReplayed = 1000;

/** Folder below the letters' own, by state. */
const folders: Readonly<Record<LetterState, string>> = {
  waiting: '',
  replaying: 'replay',
  replayed: 'replayed',
};
const states = Object.keys(folders) as LetterState[];

interface Found {
  id: string;
  state: LetterState;
  path: string;
  timeMs: number;
  size: number;
}

export class FolderDeadLetters implements DeadLetterStore {
  readonly place: string;
  readonly #directory: string;

  constructor({ directory }: { directory: string }) {
    this.#directory = directory;
    this.place = directory;
  }

  async write(letter: DeadLetter): Promise<void> {
    const id = deadLetterId(letter);
    // The first copy says when it happened; one that was replayed since is dealt with.
    if ((await this.#find(id)) !== null) return;
    await mkdir(this.#directory, { recursive: true, mode: 0o750 });
    await writeFileAtomic(join(this.#directory, `${id}.json`), letterNote(letter), fileMode);
    await writeFileAtomic(join(this.#directory, `${id}.frame`), letter.bytes, fileMode);
  }

  async list(): Promise<LetterSummary[]> {
    const found = (await Promise.all(states.map(async (state) => this.#all(state)))).flat();
    const newest = found.toSorted((a, b) => a.timeMs - b.timeMs).slice(-maxListedLetters);
    const letters: LetterSummary[] = [];
    for (const each of newest) {
      const letter = await read(each);
      if (letter === null) continue; // moved since the folder was read
      const { bytes: _bytes, ...summary } = letter;
      letters.push(summary);
    }
    return letters.toSorted(byTime);
  }

  async get(id: string): Promise<StoredLetter | null> {
    const found = await this.#find(id);
    return found === null ? null : read(found);
  }

  /** Leaves it to the process that has the journal; false when there is none that waits. */
  async requestReplay(id: string): Promise<boolean> {
    const found = await this.#find(id);
    if (found?.state !== 'waiting') return found?.state === 'replaying';
    await this.#move(found, 'replaying');
    return true;
  }

  /** Letters whose replay was asked for, in the order of their names. */
  async requested(): Promise<string[]> {
    return (await this.#all('replaying')).map(({ id }) => id).toSorted();
  }

  async markReplayed(id: string): Promise<void> {
    const found = await this.#find(id);
    if (found === null || found.state === 'replayed') return;
    await this.#move(found, 'replayed');
    await this.#forgetOldest();
  }

  async count(): Promise<number> {
    const names = await namesIn(this.#directory);
    const asked = await namesIn(join(this.#directory, folders.replaying));
    return [...names, ...asked].filter((name) => isLetter(name)).length;
  }

  async close(): Promise<void> {
    // Nothing is kept open.
  }

  async #find(id: string): Promise<Found | null> {
    // A name from a command line must stay a name.
    if (!/^[A-Za-z0-9._-]+$/.test(id)) return null;
    for (const state of states) {
      for (const name of [`${id}.frame`, id]) {
        if (!isLetter(name)) continue;
        const found = await look(join(this.#directory, folders[state], name), { id, state });
        if (found !== null) return found;
      }
    }
    return null;
  }

  async #all(state: LetterState): Promise<Found[]> {
    const folder = join(this.#directory, folders[state]);
    const found: Found[] = [];
    for (const name of await namesIn(folder)) {
      if (!isLetter(name)) continue;
      const id = name.replace(/\.frame$/, '');
      const letter = await look(join(folder, name), { id, state });
      if (letter !== null) found.push(letter);
    }
    return found;
  }

  async #move({ path, id }: Found, to: LetterState): Promise<void> {
    const folder = join(this.#directory, folders[to]);
    await mkdir(folder, { recursive: true, mode: 0o750 });
    const name = path.endsWith('.frame') ? `${id}.frame` : id;
    for (const from of [path, ...notesOf(path)]) {
      await rename(from, join(folder, from === path ? name : noteName(from))).catch(ignoreAbsent);
    }
    await syncDirectory(folder);
  }

  async #forgetOldest(): Promise<void> {
    const replayed = (await this.#all('replayed')).toSorted((a, b) => a.timeMs - b.timeMs);
    for (const { path } of replayed.slice(0, Math.max(0, replayed.length - maxReplayed))) {
      for (const each of [path, ...notesOf(path)]) await rm(each, { force: true });
    }
  }
}

const fileMode = { mode: 0o640 };

function byTime(a: LetterSummary, b: LetterSummary): number {
  return a.timeMs - b.timeMs || (a.id < b.id ? -1 : 1);
}

function isLetter(name: string): boolean {
  return !name.startsWith('.') && /\.(?:frame|batch)$/.test(name);
}

/** The notes that may stand beside a letter: today's, and an earlier version's or a journal's. */
function notesOf(path: string): string[] {
  const base = path.replace(/\.frame$/, '');
  return [`${base}.json`, `${base}.reason`];
}

function noteName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function look(path: string, found: Pick<Found, 'id' | 'state'>): Promise<Found | null> {
  try {
    const { mtimeMs, size } = await stat(path);
    return { ...found, path, timeMs: mtimeMs, size };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Null when it is gone. */
async function read({ id, state, path, timeMs }: Found): Promise<StoredLetter | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  const note = (await readNote(path)) ?? noteFromName(id, timeMs);
  return { id, state, ...note, bytes, size: bytes.length, content: await letterContent(bytes) };
}

async function readNote(path: string): Promise<LetterNote | null> {
  const [json = ''] = notesOf(path);
  const text = await readFile(json, 'utf8').catch(ignoreAbsent);
  if (text === undefined) {
    const reason = await readReason(path);
    return reason === null ? null : { ...noteFromName(nameOf(path), await timeOf(path)), reason };
  }
  return parseLetterNote(text);
}

async function readReason(path: string): Promise<string | null> {
  const text = await readFile(notesOf(path)[1] ?? '', 'utf8').catch(ignoreAbsent);
  return text === undefined ? null : text.trim();
}

async function timeOf(path: string): Promise<number> {
  return (await stat(path)).mtimeMs;
}

function nameOf(path: string): string {
  return noteName(path).replace(/\.frame$/, '');
}

/** `<partition>-<offset><part>`, or `<first>-<last>.batch`; what a lost note leaves to say. */
function noteFromName(id: string, timeMs: number): LetterNote {
  const reason = 'not known: the note beside it is lost';
  const batch = /^(\d{16})-\d{16}\.batch$/.exec(id);
  if (batch) {
    const offset = Number(batch[1]);
    return { partition: 'direct', offset, part: '', cause: 'damaged', reason, timeMs };
  }
  const [, partition = id, offset = '0', part = ''] = /^(.*?)-(\d+)(.*)$/.exec(id) ?? [];
  const cause = part === '' ? 'unreadable' : 'refused';
  return { partition, offset: Number(offset), part, cause, reason, timeMs };
}

function ignoreAbsent(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}
