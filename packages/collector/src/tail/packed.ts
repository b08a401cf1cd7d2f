/** What can be told of gzip files without decompressing all of them. */
import { closeSync, openSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { readRange } from './identity.ts';
import type { SeenFile } from './siblings.ts';

export interface PackedFacts {
  /** Bytes of content modulo 2^32, as the file says itself (RFC 1952); of its last member. */
  size: number;
  /** Bytes of content: more than a fingerprint takes, all when there are few. */
  beginning: Buffer;
}

const maxBeginningBytes = 4096;

/** Compressed bytes looked at for the beginning; at 1000 : 1, the most there is, 4 MB come of them. */
const beginningBytes = 4096;
/** Shortest file there is: head, empty block, sum and size. */
const shortest = 20;
const maxRemembered = 256;

/** Null for what is no gzip file, such as one whose writing has just begun. */
function readPackedFacts(descriptor: number, packedBytes: number): PackedFacts | null {
  if (packedBytes < shortest) return null;
  const head = readRange(descriptor, 0, beginningBytes);
  const tail = readRange(descriptor, packedBytes - 4, 4);
  if (head[0] !== 0x1f || head[1] !== 0x8b || head[2] !== 8 || tail.length !== 4) return null;
  return { size: tail.readUInt32LE(), beginning: unpackBeginning(head) };
}

function unpackBeginning(packed: Buffer): Buffer {
  try {
    const content = gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH });
    return Buffer.from(content.subarray(0, maxBeginningBytes));
  } catch {
    return Buffer.alloc(0);
  }
}

/** Whether it was made from a file that is held open, and whose bytes are so in reach. */
export function isPackedFrom(
  { descriptor, size }: { descriptor: number; size: number },
  facts: PackedFacts,
): boolean {
  if (descriptor < 0 || facts.size !== size % 2 ** 32) return false;
  return readRange(descriptor, 0, facts.beginning.length).equals(facts.beginning);
}

/** Remembers the facts of files that do not change any more, so that each is opened once. */
export class PackedFiles {
  readonly #facts = new Map<string, PackedFacts | null>();

  factsOf(seen: SeenFile): PackedFacts | null {
    const key = `${seen.inode} ${seen.birthtimeNs} ${seen.size} ${seen.mtimeMs}`;
    const known = this.#facts.get(key);
    if (known !== undefined) return known;
    const descriptor = openSync(seen.path, 'r');
    try {
      const facts = readPackedFacts(descriptor, seen.size);
      if (this.#facts.size >= maxRemembered) this.#facts.clear();
      this.#facts.set(key, facts);
      return facts;
    } finally {
      closeSync(descriptor);
    }
  }
}
