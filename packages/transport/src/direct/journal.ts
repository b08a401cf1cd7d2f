/**
 * The journal's folder: complete batches in the order of their offsets, the bound of the offsets,
 * and damaged files set aside. It knows nothing of publishers and subscribers.
 */
import { mkdir, open, readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '@plimsoll/runtime';
import {
  decodeJournalFile,
  encodeJournalFile,
  journalFileName,
  parseJournalFileName,
  type JournalFileName,
} from './journal-file.ts';
import { OffsetSource } from './offset-source.ts';

export interface JournalEntry extends JournalFileName {
  bytes: number;
  /** It was delivered before, or may have been: it was there when the journal was opened. */
  isOld: boolean;
}

export type JournalBatch = { ok: true; frames: Buffer[] } | { ok: false; reason: string };

export class Journal {
  readonly #directory: string;
  readonly #deadLetterDirectory: string;
  readonly #offsets: OffsetSource;

  constructor(options: { directory: string; deadLetterDirectory: string; nowMs: () => number }) {
    this.#directory = options.directory;
    this.#deadLetterDirectory = options.deadLetterDirectory;
    this.#offsets = new OffsetSource(join(options.directory, 'next-offset'), options.nowMs);
  }

  /** Removes what a crash left half-written and returns what is there, oldest first. */
  async open(): Promise<JournalEntry[]> {
    await mkdir(this.#directory, { recursive: true, mode: 0o750 });
    const entries: JournalEntry[] = [];
    for (const name of (await readdir(this.#directory)).toSorted()) {
      const path = join(this.#directory, name);
      const parsed = parseJournalFileName(name);
      if (parsed) entries.push({ ...parsed, bytes: (await stat(path)).size, isOld: true });
      else if (name.endsWith('.tmp')) await unlink(path);
    }
    await this.#offsets.open(entries.at(-1)?.last ?? -1);
    return entries;
  }

  /** Resolves when the batch is on the disk for good. A failure leaves nothing behind. */
  async append(frames: readonly Buffer[]): Promise<JournalEntry> {
    const first = await this.#offsets.take(frames.length);
    const name = journalFileName(first, first + frames.length - 1);
    const path = join(this.#directory, name.name);
    const parts = encodeJournalFile(frames);
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    try {
      const file = await open(`${path}.tmp`, 'w', 0o640);
      try {
        const { bytesWritten } = await file.writev(parts);
        // A disk that fills up in the middle of a write is no error to the kernel.
        if (bytesWritten !== bytes) {
          throw new Error(`no space left: expected ${bytes} bytes written, got ${bytesWritten}`);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.tmp`, path);
    } catch (error) {
      await unlink(`${path}.tmp`).catch(() => undefined);
      throw error;
    }
    await syncDirectory(this.#directory);
    return { ...name, bytes, isOld: false };
  }

  async read(entry: JournalEntry): Promise<JournalBatch> {
    return decodeJournalFile(await readFile(join(this.#directory, entry.name)), entry);
  }

  async remove(entry: JournalEntry): Promise<void> {
    await unlink(join(this.#directory, entry.name));
  }

  /** Keeps a file that cannot be read, with the reason beside it. */
  async setAside(entry: JournalEntry, reason: string): Promise<string> {
    await mkdir(this.#deadLetterDirectory, { recursive: true, mode: 0o750 });
    const target = join(this.#deadLetterDirectory, entry.name);
    await writeFile(`${target}.reason`, `${reason}\n`);
    await rename(join(this.#directory, entry.name), target);
    return target;
  }
}
