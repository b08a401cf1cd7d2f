/**
 * A line of a json-file log that is not as Docker writes it: JSON with its keys in another order or
 * with spaces, or no JSON at all. What cannot be read is kept as it is.
 */
import { isUtf8 } from 'node:buffer';
import { noStream, streamNames, type RawLines, type Stream } from '../raw-lines.ts';
import { parsePlain } from './plain.ts';
import { isTime } from './time.ts';

interface LogObject {
  log: string;
  stream?: unknown;
  time?: unknown;
}

const timeKey = Buffer.from('"time"');
const quote = 0x22;
const specialCharacters = ['\u0001', '\t', '\n'];

export function parseOtherJson(
  block: Buffer,
  range: readonly [number, number],
  lines: RawLines,
): void {
  const [start, end] = range;
  const line = block.subarray(start, end);
  const encoding = isUtf8(line) ? 'utf8' : 'latin1';
  const parsed = parseObject(line.toString(encoding));
  if (parsed === null) {
    parsePlain(block, range, lines);
    return;
  }
  const { log } = parsed;
  // Escapes may stand for more than the one byte of a line that is not UTF-8.
  const isWide = encoding === 'utf8' || /[^\0-\xff]/.test(log);
  const length = lines.texts.write(log, lines.used, isWide ? 'utf8' : 'latin1');
  const isPart = !log.endsWith('\n');
  const innerLines = log.split('\n').length - (isPart ? 1 : 2);
  const text = isPart ? log : log.slice(0, -1);
  lines.push({
    end,
    textEnd: lines.used + length - (isPart ? 0 : 1),
    stream: streamOf(parsed.stream),
    isPart,
    isSpecial: specialCharacters.some((special) => text.includes(special)),
    innerLines,
    ...timeOf(parsed.time, block, range),
  });
}

function parseObject(text: string): LogObject | null {
  if (!text.startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isLogObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isLogObject(value: unknown): value is LogObject {
  return (
    typeof value === 'object' && value !== null && 'log' in value && typeof value.log === 'string'
  );
}

function streamOf(name: unknown): Stream {
  const index = streamNames.findIndex((known) => known === name);
  return index === 1 || index === 2 ? index : noStream;
}

/** Where the time stands in the block, when it stands there as it reads. */
function timeOf(
  time: unknown,
  block: Buffer,
  [start, end]: readonly [number, number],
): { timeStart: number; timeEnd: number } {
  const none = { timeStart: 0, timeEnd: 0 };
  if (typeof time !== 'string') return none;
  const line = block.subarray(start, end);
  const key = line.lastIndexOf(timeKey);
  const open = key < 0 ? -1 : line.indexOf(quote, key + timeKey.length);
  if (open < 0) return none;
  const timeStart = start + open + 1;
  const timeEnd = timeStart + time.length;
  const isSame = block[timeEnd] === quote && block.toString('latin1', timeStart, timeEnd) === time;
  return isSame && isTime(block, timeStart, timeEnd) ? { timeStart, timeEnd } : none;
}
