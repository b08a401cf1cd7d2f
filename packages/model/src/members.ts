/** The compressed parts of a logs frame, each a run of its chunks; layout in `frame.ts`. */
import { chunkBytes, type LogChunk } from './frame-header.ts';
import { contentBytes } from './zstd.ts';

/** A run of chunks, compressed together. */
export interface Member {
  chunks: readonly LogChunk[];
  /** Bytes of the chunks' payload. */
  rawBytes: number;
  codec: 'none' | 'zstd';
  /** One zstd frame that announces `rawBytes`, where the codec is zstd. */
  bytes: Buffer;
}

/** A chunk of at least this many bytes is a member by itself: its window is full soon enough. */
const ownMemberBytes = 64 * 1024;
/** Smaller ones that follow each other are gathered to about this many: alone they shrink less. */
const sharedMemberBytes = 256 * 1024;

const headBytes = 8;

interface PlannedMember {
  /** How many chunks. */
  chunks: number;
  /** Their place in the raw payload. */
  start: number;
  end: number;
}

/** Which chunks are compressed together. */
export function planMembers(chunks: readonly LogChunk[]): PlannedMember[] {
  const members: PlannedMember[] = [];
  let open: PlannedMember | null = null;
  let at = 0;
  for (const chunk of chunks) {
    const size = chunkBytes(chunk);
    if (open && (size >= ownMemberBytes || open.end - open.start >= sharedMemberBytes)) open = null;
    if (open) {
      open.chunks += 1;
      open.end += size;
    } else {
      const member = { chunks: 1, start: at, end: at + size };
      members.push(member);
      open = size >= ownMemberBytes ? null : member;
    }
    at += size;
  }
  return members;
}

export function writeMember(chunks: number, compressed: Buffer): Buffer[] {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(chunks, 0);
  head.writeUInt32LE(compressed.length, 4);
  return [head, compressed];
}

/** @returns the members of a payload, or what is wrong with it */
export function readMembers(payload: Buffer, chunks: readonly LogChunk[]): Member[] | string {
  const members: Member[] = [];
  let at = 0;
  let taken = 0;
  while (at < payload.length) {
    if (payload.length - at < headBytes) return 'member: cut off';
    const count = payload.readUInt32LE(at);
    const length = payload.readUInt32LE(at + 4);
    at += headBytes;
    if (count === 0 || taken + count > chunks.length) {
      return `member: holds ${count} chunks, ${chunks.length - taken} are left`;
    }
    if (at + length > payload.length) return 'member: cut off';
    const own = chunks.slice(taken, taken + count);
    const member = wholeMember(own, 'zstd', payload.subarray(at, at + length));
    const announced = contentBytes(member.bytes);
    if (announced !== member.rawBytes) {
      return `member: expected zstd of ${member.rawBytes} bytes, got ${announced ?? 'none'}`;
    }
    members.push(member);
    at += length;
    taken += count;
  }
  if (taken !== chunks.length) return `members: hold ${taken} of ${chunks.length} chunks`;
  return members;
}

export function wholeMember(
  chunks: readonly LogChunk[],
  codec: Member['codec'],
  bytes: Buffer,
): Member {
  const rawBytes = chunks.reduce((sum, chunk) => sum + chunkBytes(chunk), 0);
  return { chunks, rawBytes, codec, bytes };
}
