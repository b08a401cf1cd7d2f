import type { Publisher } from '../transport.ts';
import type { LetterSummary, StoredLetter } from './dead-letter.ts';
import { salvageFrames } from './salvage-frames.ts';
import { letterContent } from './letter-content.ts';

/**
 * Publishes what a letter holds once more. Resolves with the number of frames when they are durable;
 * ingest drops what of them is stored already.
 *
 * @throws {Error} when no frame of it can be read: it would only come back
 */
export async function publishLetter(
  letter: StoredLetter,
  publisher: Publisher,
  signal?: AbortSignal,
): Promise<number> {
  const problem = replayProblem(letter);
  if (problem !== null) throw new Error(problem);
  const frames = letter.cause === 'damaged' ? salvageFrames(letter.bytes) : [letter.bytes];
  let published = 0;
  for (const bytes of frames) {
    const content = await letterContent(bytes);
    if (content.kind === 'unreadable') continue;
    const { tenant, host, kind } = content;
    // The key that its collector used: it must come to the partition that has the file's ranges.
    await publisher.publish({ key: `${tenant}/${host}`, kind, bytes }, signal);
    published += 1;
  }
  if (published > 0) return published;
  throw new Error('no frame of the journal file is whole');
}

/** Why a letter cannot be replayed, or null. */
export function replayProblem({ cause, content }: LetterSummary): string | null {
  if (cause === 'damaged' || content.kind !== 'unreadable') return null;
  return `this version cannot read it: ${content.problem}`;
}
