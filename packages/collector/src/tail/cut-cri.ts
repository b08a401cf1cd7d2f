/**
 * Records of a CRI log, found from the raw bytes:
 *
 *     <time> <stdout|stderr> <P|F>[:tags] <text>
 *
 * `P` says that the text goes on in the next line of the same stream, `F` that it ends here. Parts
 * come at any length (conmon writes one for whatever a read of the pipe held), so the tag of each
 * line is looked at. A line of another shape is a record by itself and ends nothing, as where it
 * is stored.
 */
import type { Cut } from './cut.ts';

const newline = 0x0a;
const space = 0x20;
const colon = 0x3a;
const partTag = 0x50;
const fullTag = 0x46;

/** Bytes of ` stdout `; the other name is as long. */
const streamBytes = 8;
/** `2026-01-31T`, of which none is a blank. */
const shortestTime = 11;

/** Bits of the set of streams that have an open record. */
const streams = { stdout: 1, stderr: 2 } as const;

/** The longest run of complete records at the start of `lines`, or the first `wanted` of them. */
export function findCriRecords(lines: Buffer, wanted: number): Cut {
  let open = 0;
  let count = 0;
  let records = 0;
  let start = 0;
  const complete = { bytes: 0, lines: 0 };
  for (let at = lines.indexOf(newline); at >= 0; at = lines.indexOf(newline, start)) {
    let timeEnd = start + shortestTime;
    while (timeEnd < at && lines[timeEnd] !== space) timeEnd += 1;
    const tagAt = timeEnd + streamBytes;
    const tag = lines[tagAt];
    // A whole line among whole lines changes nothing, whatever its stream.
    if (tag === partTag || (open !== 0 && tag === fullTag)) {
      const stream = streamOf(lines, { start, tagAt, end: at });
      open = tag === partTag ? open | stream : open & ~stream;
    }
    count += 1;
    start = at + 1;
    if (open !== 0) continue;
    complete.bytes = start;
    complete.lines = count;
    records += 1;
    if (records >= wanted) break;
  }
  return complete;
}

/** 0 unless the line is as the grammar says up to its tag. */
function streamOf(lines: Buffer, at: { start: number; tagAt: number; end: number }): number {
  const { start, tagAt, end } = at;
  if (tagAt >= end) return 0;
  const afterTag = lines[tagAt + 1];
  if (afterTag !== space && afterTag !== newline && !hasTags(lines, tagAt + 1, end)) return 0;
  const [time, name] = lines.toString('latin1', start, tagAt - 1).split(' ');
  if (!/^\d{4}-\d\d-\d\dT[^\t\n\f\r ]+$/.test(time ?? '')) return 0;
  return name === 'stdout' || name === 'stderr' ? streams[name] : 0;
}

/** More tags after the first: `:` and no blank until the text or the end of the line. */
function hasTags(lines: Buffer, from: number, end: number): boolean {
  return lines[from] === colon && /^:[^\t\f\r ]*(?: |$)/.test(lines.toString('latin1', from, end));
}
