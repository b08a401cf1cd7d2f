/**
 * A letter as the value of a record; its key is the letter's identity.
 *
 * ```
 * value   = magic "PLDL"   4 bytes
 *           version        u8     1
 *           kind           u8     1 letter, 2 replayed
 *           reserved       2 bytes  0
 *           note length    u32 LE
 *           note           JSON: letter: as in letter-note.ts; replayed: {"time":"…"}
 *           bytes          letter: the frame; replayed: none
 * ```
 *
 * A record of kind 2 says that the letter before it, of the same key, was published again.
 */
import type { DeadLetter } from './dead-letter.ts';
import { letterNote, parseLetterNote } from './letter-note.ts';

export type LetterRecord = { kind: 'letter'; letter: DeadLetter } | { kind: 'replayed' };

const magic = 0x4c444c50; // "PLDL", little endian
const version = 1;
const headBytes = 12;
const kinds = { letter: 1, replayed: 2 } as const;

export function encodeLetter(letter: DeadLetter): Buffer {
  return Buffer.concat([head('letter', letterNote(letter)), letter.bytes]);
}

export function encodeReplayed(timeMs: number): Buffer {
  return head('replayed', JSON.stringify({ time: new Date(timeMs).toISOString() }));
}

/** Null for what is no such record. */
export function decodeLetterRecord(value: Buffer): LetterRecord | null {
  if (value.length < headBytes || value.readUInt32LE(0) !== magic) return null;
  if (value.readUInt8(4) !== version) return null;
  const noteEnd = headBytes + value.readUInt32LE(8);
  if (noteEnd > value.length) return null;
  if (value.readUInt8(5) === kinds.replayed) return { kind: 'replayed' };
  const note = parseLetterNote(value.toString('utf8', headBytes, noteEnd));
  if (note === null || value.readUInt8(5) !== kinds.letter) return null;
  return { kind: 'letter', letter: { ...note, bytes: value.subarray(noteEnd) } };
}

function head(kind: keyof typeof kinds, note: string): Buffer {
  const text = Buffer.from(note);
  const bytes = Buffer.alloc(headBytes);
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt8(version, 4);
  bytes.writeUInt8(kinds[kind], 5);
  bytes.writeUInt32LE(text.length, 8);
  return Buffer.concat([bytes, text]);
}
