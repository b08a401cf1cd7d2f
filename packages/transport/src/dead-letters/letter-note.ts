/** What is kept of a letter beside its bytes: JSON, in a file or in a record's envelope. */
import { deadLetterCauses, type DeadLetter, type DeadLetterCause } from './dead-letter.ts';

export type LetterNote = Omit<DeadLetter, 'bytes'>;

/** Longest reason that is kept; the engine repeats the data in some of its own. */
const maxReasonLength = 4000;

export function letterNote({ partition, offset, part, cause, reason, timeMs }: LetterNote): string {
  const time = new Date(timeMs).toISOString();
  const kept = reason.slice(0, maxReasonLength);
  return `${JSON.stringify({ partition, offset, part, cause, reason: kept, time })}\n`;
}

/** Null for a text that is no note. */
export function parseLetterNote(text: string): LetterNote | null {
  let note: unknown;
  try {
    note = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof note !== 'object' || note === null) return null;
  const field = (name: string): unknown => Reflect.get(note, name);
  const [partition, offset, part, reason] = ['partition', 'offset', 'part', 'reason'].map(field);
  const cause = deadLetterCauses.find((each): each is DeadLetterCause => each === field('cause'));
  const timeMs = Date.parse(String(field('time')));
  const isNote =
    typeof partition === 'string' &&
    typeof offset === 'number' &&
    typeof part === 'string' &&
    typeof reason === 'string' &&
    cause !== undefined &&
    Number.isFinite(timeMs);
  return isNote ? { partition, offset, part, cause, reason, timeMs } : null;
}
