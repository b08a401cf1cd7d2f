import type { LetterSummary } from '@plimsoll/transport';

export interface LetterFilter {
  /** Part of the reason, in whatever case. */
  reason?: string;
  partition?: string;
}

export function selectLetters(
  letters: readonly LetterSummary[],
  { reason, partition }: LetterFilter,
): LetterSummary[] {
  const text = reason?.toLowerCase() ?? '';
  return letters.filter(
    (letter) =>
      letter.reason.toLowerCase().includes(text) &&
      (partition === undefined || letter.partition === partition),
  );
}
