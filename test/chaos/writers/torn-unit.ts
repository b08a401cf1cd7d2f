/**
 * What a writer leaves when it is killed in the middle of a unit, and how its next life goes on:
 * as a program does that finds an unfinished line, it ends it, and the record if that says that it
 * goes on. Of Docker's, what has parts is completed instead: a torn line between the parts of another
 * has no meaning that a reader could know.
 */
import { openStreams } from './parse-records.ts';
import { claimedTime, criLine, type Unit, type UnitSource } from './unit.ts';

/** What the next life appends to the first `kept` bytes of a unit; null: the rest of the unit. */
export function repairOf(source: UnitSource, unit: Unit, kept: number): Buffer | null {
  const { format } = source;
  if (format === 'docker-json' && unit.hasParts) return null;
  const head = unit.bytes.subarray(0, kept);
  const end = head.at(-1) === 0x0a ? '' : '\n';
  if (format !== 'cri') return Buffer.from(end);
  const time = claimedTime(source, unit.number);
  const closing = openStreams(format, head).map((stream) =>
    criLine({ time, stream, part: Buffer.alloc(0), isLast: true }),
  );
  return Buffer.concat([Buffer.from(end), ...closing]);
}
