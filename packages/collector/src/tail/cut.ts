/**
 * Where a block of a log file may be cut: at the end of a complete record, found from the raw
 * bytes and without looking at each line.
 *
 * A `plain` record is one line. A `docker-json` record is one line, or the lines that the daemon
 * made of one long line: it splits after 16 KiB and leaves the final `\n` out of `log` in all
 * parts but the last:
 *
 *     {"log":"aaaa…","stream":"stdout","time":"…"}      part
 *     {"log":"zzz\n","stream":"stdout","time":"…"}      last part: the record is complete
 *
 * Parts of stdout and stderr may alternate; a cut is where no stream has an open record. Within
 * `log` a quote is escaped, so the first `","stream":"` of a line ends it. A line that does not
 * look like this ends whatever is open: bad input is shipped, never judged here.
 *
 * For `cri` see cut-cri.ts.
 *
 * A record longer than `maxRecordBytes` is cut there (docker-json, cri: at the last part boundary
 * before) into several records, so that no buffer grows without bound.
 */
import { countLines } from './count-lines.ts';
import { findCriRecords } from './cut-cri.ts';

export type TailFormat = 'docker-json' | 'cri' | 'plain';

export interface CutOptions {
  format: TailFormat;
  /** Longest block that is ever given; one that is as long and holds no end is cut all the same. */
  maxRecordBytes: number;
  /** A chunk is longer than this only when its first record is. */
  maxChunkBytes: number;
  /** No more bytes will come: what is left is complete as it is. */
  isFinal: boolean;
  /** Parts have waited long enough for their last part. */
  releasesParts: boolean;
}

export interface Cut {
  /** Bytes from the start of the block that may be shipped; 0: wait for more. */
  bytes: number;
  /** Newlines within them. */
  lines: number;
}

const newline = 0x0a;
const nothing: Cut = { bytes: 0, lines: 0 };

/**
 * The daemon's part is 16 KiB of `log` at least. Half of it is the bound under which a block is
 * known to hold no part anywhere but, perhaps, in its last line.
 */
const leastPartBytes = 8 * 1024;

export function cutBlock(block: Buffer, options: CutOptions): Cut {
  const end = block.lastIndexOf(newline) + 1;
  if (end === 0) return cutUnended(block, options);
  const isLong = block.length > options.maxChunkBytes;
  if (options.format === 'plain') {
    if (isLong) return { bytes: block.indexOf(newline) + 1, lines: 1 };
    return { bytes: end, lines: countLines(block, end).lines };
  }
  if (options.format === 'cri') {
    const complete = findCriRecords(block.subarray(0, end), isLong ? 1 : Infinity);
    return complete.bytes > 0 ? complete : cutOpenParts(block, end, options);
  }
  const count = countLines(block, end);
  const lastStart = end >= 2 ? block.lastIndexOf(newline, end - 2) + 1 : 0;
  const mayHoldParts =
    count.longest >= leastPartBytes || readPart(block.subarray(lastStart, end)) !== null;
  if (!mayHoldParts && !isLong) return { bytes: end, lines: count.lines };
  const complete = findCompleteRecords(block.subarray(0, end), isLong ? 1 : Infinity);
  return complete.bytes > 0 ? complete : cutOpenParts(block, end, options);
}

/** Parts of one record that has no end yet: wait, or let go what there is. */
function cutOpenParts(block: Buffer, end: number, options: CutOptions): Cut {
  const gaveUpWaiting = options.isFinal || options.releasesParts;
  if (!gaveUpWaiting && block.length < options.maxRecordBytes) return nothing;
  return { bytes: end, lines: countLines(block, end).lines };
}

/** A block without a newline: the beginning of a line whose end is not there yet. */
function cutUnended(block: Buffer, options: CutOptions): Cut {
  if (block.length >= options.maxRecordBytes || options.isFinal) {
    return { bytes: block.length, lines: 0 };
  }
  return nothing;
}

/** The longest run of complete records, or the first `wanted` of them. Looks at every line. */
function findCompleteRecords(lines: Buffer, wanted: number): Cut {
  const openStreams = new Set<number>();
  let found = nothing;
  let count = 0;
  let records = 0;
  for (let start = 0; start < lines.length && records < wanted;) {
    const end = lines.indexOf(newline, start) + 1;
    const line = readLine(lines.subarray(start, end));
    if (line === notDocker) openStreams.clear();
    else if (line.isPart) openStreams.add(line.stream);
    else openStreams.delete(line.stream);
    count += 1;
    start = end;
    if (openStreams.size > 0) continue;
    records += 1;
    found = { bytes: end, lines: count };
  }
  return found;
}

interface DockerLine {
  isPart: boolean;
  /** Fourth letter of the stream's name, `o` or `e`: enough to tell them apart. */
  stream: number;
}

const logEnd = Buffer.from('","stream":"');
const notDocker: DockerLine = { isPart: false, stream: 0 };

function readLine(line: Buffer): DockerLine {
  const at = line.indexOf(logEnd);
  if (at < 0) return notDocker;
  return { isPart: !endsWithNewlineEscape(line, at), stream: line[at + logEnd.length + 3] ?? 0 };
}

/** The line as a part, or null when it completes a record. */
function readPart(line: Buffer): DockerLine | null {
  const read = readLine(line);
  return read.isPart ? read : null;
}

/** True when `line[0, at)` ends in the escape `\n`; in `\\n` the backslash itself is escaped. */
function endsWithNewlineEscape(line: Buffer, at: number): boolean {
  if (line[at - 1] !== 0x6e) return false;
  let backslashes = 0;
  while (line[at - 2 - backslashes] === 0x5c) backslashes += 1;
  return backslashes % 2 === 1;
}
