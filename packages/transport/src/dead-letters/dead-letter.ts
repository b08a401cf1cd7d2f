/**
 * What can never be stored, kept with its reason until a person has looked at it. The same part of
 * the same frame always has the same identity: written again by a replay it is still one letter.
 */
import type { LetterContent } from './letter-content.ts';

export const deadLetterCauses = [
  /** A frame that is damaged, or of a version that is not known. */
  'unreadable',
  /** The engine refused what the frame holds. */
  'refused',
  /** A journal file that the disk gave back altered; its bytes are those of the file. */
  'damaged',
] as const;
export type DeadLetterCause = (typeof deadLetterCauses)[number];

export interface DeadLetter {
  /** As in a batch: `topic/partition`, or `direct`. */
  partition: string;
  /** Of the frame that it comes of. */
  offset: number;
  /** Tells apart what comes of one frame; empty for the frame itself. */
  part: string;
  cause: DeadLetterCause;
  /** For a person. */
  reason: string;
  /** Milliseconds since 1970 when it was set aside. */
  timeMs: number;
  /** A frame, or what should have been one. */
  bytes: Buffer;
}

export const letterStates = [
  'waiting',
  /** A replay was asked for and has not happened yet. */
  'replaying',
  'replayed',
] as const;
export type LetterState = (typeof letterStates)[number];

/** A letter as a list shows it, without its bytes. */
export interface LetterSummary extends Omit<DeadLetter, 'bytes'> {
  id: string;
  state: LetterState;
  size: number;
  content: LetterContent;
}

export interface StoredLetter extends LetterSummary {
  bytes: Buffer;
}

export interface DeadLetterStore {
  /** Where letters are, for messages. */
  readonly place: string;
  /** Resolves when the letter is durable. Rejects when the store is away: nothing was kept. */
  write(letter: DeadLetter, signal?: AbortSignal): Promise<void>;
  /** Oldest first, each letter once; the newest {@link maxListedLetters}. */
  list(signal?: AbortSignal): Promise<LetterSummary[]>;
  /** Null when there is none of that name. */
  get(id: string, signal?: AbortSignal): Promise<StoredLetter | null>;
  /** After its content was published again. */
  markReplayed(id: string, signal?: AbortSignal): Promise<void>;
  /** Letters that were not replayed. */
  count(signal?: AbortSignal): Promise<number>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Letters whose summaries a store keeps in memory. */
export const maxListedLetters = 100_000;

/** A name for a file and a key for a record. */
export function deadLetterId({
  partition,
  offset,
  part,
}: Pick<DeadLetter, 'partition' | 'offset' | 'part'>): string {
  return `${partition.replace(/[^A-Za-z0-9._-]/g, '_')}-${offset}${part}`;
}
