/**
 * Block input and output by device, summed over the devices.
 *
 * v2 `io.stat`:  `254:0 rbytes=36864 wbytes=0 rios=1 wios=0 dbytes=0 dios=0`
 * v1 `blkio.throttle.io_*_recursive`: `254:0 Read 36864`, …, `Total 36864` at the end
 */
import { type Bytes, nextLine, parseNumber, skipBlanks, skipWord } from './bytes.ts';

const letterR = 0x72;
const letterW = 0x77;
const letterB = 0x62;
const letterI = 0x69;
const equals = 0x3d;
const colon = 0x3a;
const capitalR = 0x52;
const capitalW = 0x57;

export interface IoTotals {
  readBytes: number;
  writeBytes: number;
  reads: number;
  writes: number;
}

/** An empty file means that there was no input or output yet: zeros, not unknown. */
export function parseIoStat(bytes: Bytes, out: IoTotals): void {
  out.readBytes = out.writeBytes = out.reads = out.writes = 0;
  for (let at = 0; at < bytes.length; at = nextLine(bytes, at)) {
    at = skipBlanks(bytes, skipWord(bytes, at));
    while (at < bytes.length && bytes.data[at] !== 0x0a) {
      addField(bytes, at, out);
      at = skipBlanks(bytes, skipWord(bytes, at));
    }
  }
}

/** Adds `rbytes=`, `wbytes=`, `rios=` or `wios=`; told apart by their first two letters. */
function addField(bytes: Bytes, at: number, out: IoTotals): void {
  const operation = bytes.data[at];
  if (operation !== letterR && operation !== letterW) return;
  const what = bytes.data[at + 1];
  const value = parseNumber(bytes, at + (what === letterB ? 7 : 5));
  if (!Number.isFinite(value)) return;
  if (what === letterB && bytes.data[at + 6] === equals) {
    if (operation === letterR) out.readBytes += value;
    else out.writeBytes += value;
  } else if (what === letterI && bytes.data[at + 4] === equals) {
    if (operation === letterR) out.reads += value;
    else out.writes += value;
  }
}

export interface ReadWrite {
  read: number;
  write: number;
}

/** Sum of the `Read` and `Write` lines of a v1 throttle file. */
export function parseBlkio(bytes: Bytes, out: ReadWrite): void {
  out.read = out.write = 0;
  for (let at = 0; at < bytes.length; at = nextLine(bytes, at)) {
    const end = skipWord(bytes, at);
    if (!hasColon(bytes, at, end)) continue;
    const operation = skipBlanks(bytes, end);
    const value = parseNumber(bytes, skipBlanks(bytes, skipWord(bytes, operation)));
    if (!Number.isFinite(value)) continue;
    if (bytes.data[operation] === capitalR) out.read += value;
    else if (bytes.data[operation] === capitalW) out.write += value;
  }
}

/** A device is `major:minor`; the lines of totals have no colon. */
function hasColon(bytes: Bytes, start: number, end: number): boolean {
  const at = bytes.data.indexOf(colon, start);
  return at >= start && at < end;
}
