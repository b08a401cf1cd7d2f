import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@plimsoll/runtime';

export interface DeadLetter {
  partition: string;
  offset: number;
  /** Tells apart what comes of one frame. */
  part: string;
  bytes: Buffer;
  /** For a person, and for whoever replays it. */
  reason: string;
}

/**
 * What can never be stored, as frames with the reason beside them: `<partition>-<offset><part>.frame`
 * and `….reason`. The same letter written twice is the same file, so a replay doubles nothing.
 */
export class DeadLetters {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async write({ partition, offset, part, bytes, reason }: DeadLetter): Promise<string> {
    await mkdir(this.#directory, { recursive: true, mode: 0o750 });
    const name = `${partition.replace(/[^A-Za-z0-9._-]/g, '_')}-${offset}${part}`;
    const path = join(this.#directory, `${name}.frame`);
    await writeFileAtomic(join(this.#directory, `${name}.reason`), `${reason}\n`);
    await writeFileAtomic(path, bytes);
    return path;
  }
}
