/**
 * The timestamps that `timestamps=1` puts before each message: RFC 3339 with nine digits of a
 * second, in the daemon's time zone (`Z` or `+01:00`), and a space. Read into UTC.
 */
export interface Timestamp {
  /** `2026-01-02T03:04:05.000000006Z`. */
  time: string;
  /** Bytes of the prefix, its space counted. */
  bytes: number;
}

const utcBytes = 31;
/** With an offset in place of the `Z`. */
export const maxTimestampBytes = 36;

const shape = 'dddd-dd-ddTdd:dd:dd.ddddddddd';
const space = 0x20;
const letterZ = 0x5a;

/** The timestamp that begins at `at`; null when there is none, or not as a whole. */
export function readTimestamp(bytes: Buffer, at: number): Timestamp | null {
  if (!hasShape(bytes, at)) return null;
  const zone = at + shape.length;
  if (bytes[zone] === letterZ && bytes[zone + 1] === space) {
    return { time: bytes.toString('latin1', at, zone + 1), bytes: utcBytes };
  }
  return readOffset(bytes, at);
}

/** As the daemon takes a time to begin at: `seconds.nanoseconds`. */
export function sinceText(sinceMs: number): string {
  const ms = Math.max(0, Math.floor(sinceMs));
  return `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}000000`;
}

/** Milliseconds since 1970 of a time in UTC, rounded down; NaN for none. */
export function timeMs(time: string): number {
  return Date.parse(`${time.slice(0, 23)}Z`);
}

/** As {@link readTimestamp} gives it. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000000Z`;
}

function hasShape(bytes: Buffer, at: number): boolean {
  if (at + shape.length > bytes.length) return false;
  for (let index = 0; index < shape.length; index += 1) {
    const byte = bytes[at + index] ?? 0;
    const wanted = shape.charCodeAt(index);
    if (wanted === 0x64 ? byte < 0x30 || byte > 0x39 : byte !== wanted) return false;
  }
  return true;
}

function readOffset(bytes: Buffer, at: number): Timestamp | null {
  const text = bytes.toString('latin1', at, at + maxTimestampBytes);
  if (!/[+-]\d\d:\d\d $/.test(text) || text.length !== maxTimestampBytes) return null;
  const secondsMs = Date.parse(text.slice(0, 19) + text.slice(shape.length, -1));
  if (Number.isNaN(secondsMs)) return null;
  const utc = new Date(secondsMs).toISOString().slice(0, 19);
  return { time: `${utc}${text.slice(19, shape.length)}Z`, bytes: maxTimestampBytes };
}
