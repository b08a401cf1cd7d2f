/**
 * A line as containerd and CRI-O write it: `<time> <stdout|stderr> <P|F>[:tags] <text>`; P goes on in
 * the next line of its stream. A line that does not look like this is kept as it is.
 */
import { stderr, stdout, type RawLines, type Stream } from '../raw-lines.ts';
import { parsePlain } from './plain.ts';
import { isTime } from './time.ts';

const space = 0x20;
const colon = 0x3a;
const full = 0x46;
const partial = 0x50;
const streams = [
  { name: Buffer.from('stdout '), stream: stdout },
  { name: Buffer.from('stderr '), stream: stderr },
] as const;
const streamBytes = 7;

export function parseCri(block: Buffer, range: readonly [number, number], lines: RawLines): void {
  const [start, end] = range;
  const lineEnd = block[end - 1] === 0x0a ? end - 1 : end;
  const timeEnd = endOfWord(block, start, lineEnd);
  const stream = streamAt(block, timeEnd + 1);
  const tag = timeEnd + 1 + streamBytes;
  const tagsEnd = endOfWord(block, tag, lineEnd);
  // Of what has no time (of the Docker API, perhaps) the field is empty.
  const isTimed = timeEnd === start || isTime(block, start, timeEnd);
  if (stream === null || !isTag(block, tag, tagsEnd) || !isTimed) {
    parsePlain(block, range, lines);
    return;
  }
  lines.pushBytes(block, [Math.min(tagsEnd + 1, lineEnd), lineEnd], {
    end,
    stream,
    isPart: block[tag] === partial,
    timeStart: start,
    timeEnd: timeEnd === start ? 0 : timeEnd,
  });
}

function endOfWord(block: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && block[at] !== space) at += 1;
  return at;
}

function streamAt(block: Buffer, at: number): Stream | null {
  for (const { name, stream } of streams) {
    let length = 0;
    while (length < streamBytes && block[at + length] === name[length]) length += 1;
    if (length === streamBytes) return stream;
  }
  return null;
}

/** `P` or `F`, alone or with tags behind a colon. */
function isTag(block: Buffer, start: number, end: number): boolean {
  const byte = block[start];
  return (
    end > start &&
    (byte === full || byte === partial) &&
    (end === start + 1 || block[start + 1] === colon)
  );
}
