import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '@plimsoll/runtime';

/** Offsets set aside by one write of the file. */
const reservedAtOnce = 1_000_000;

/**
 * Offsets of frames, never the same one twice: they are part of the tokens by which the engine
 * recognises a repeated insert. The file holds a bound that no offset handed out has reached; after
 * a start numbering goes on from there. Should the file be lost, the clock (microseconds since
 * 1970) is far above anything handed out before.
 */
export class OffsetSource {
  readonly #path: string;
  readonly #nowMs: () => number;
  #next = 0;
  #bound = 0;

  constructor(path: string, nowMs: () => number) {
    this.#path = path;
    this.#nowMs = nowMs;
  }

  /** @param above an offset known to be in use, or -1 */
  async open(above: number): Promise<void> {
    const stored = await readBound(this.#path);
    this.#next = Math.max(stored, above + 1, Math.floor(this.#nowMs() * 1000));
    this.#bound = this.#next;
  }

  /** The first of `count` offsets in a row. */
  async take(count: number): Promise<number> {
    if (this.#next + count > this.#bound) {
      const bound = this.#next + count + reservedAtOnce;
      await writeFileAtomic(this.#path, `${bound}\n`);
      this.#bound = bound;
    }
    const first = this.#next;
    this.#next += count;
    return first;
  }
}

async function readBound(path: string): Promise<number> {
  try {
    const bound = Number((await readFile(path, 'utf8')).trim());
    return Number.isSafeInteger(bound) && bound > 0 ? bound : 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}
