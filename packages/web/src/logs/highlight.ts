export interface MarkedPart {
  text: string;
  hit: boolean;
}

const maxMarks = 50;

/** The words of a text search (`"a phrase"` is one, `-word` is none), in lower case. */
export function searchWords(query: string): string[] {
  const words: string[] = [];
  for (const match of query.matchAll(/(-?)(?:"([^"]+)"|(\S+))/g)) {
    const word = match[2] ?? match[3] ?? '';
    if (match[1] !== '-' && word !== '') words.push(word.toLowerCase());
  }
  return words;
}

/** Cuts a message at the places where a word occurs; the longest word wins where two overlap. */
export function markWords(message: string, words: readonly string[]): MarkedPart[] {
  if (words.length === 0) return [{ text: message, hit: false }];
  const lower = message.toLowerCase();
  const parts: MarkedPart[] = [];
  let at = 0;
  while (parts.length < maxMarks * 2) {
    const next = nearest(lower, words, at);
    if (next === null) break;
    if (next.start > at) parts.push({ text: message.slice(at, next.start), hit: false });
    parts.push({ text: message.slice(next.start, next.end), hit: true });
    at = next.end;
  }
  if (at < message.length) parts.push({ text: message.slice(at), hit: false });
  return parts;
}

function nearest(
  text: string,
  words: readonly string[],
  from: number,
): { start: number; end: number } | null {
  let best: { start: number; end: number } | null = null;
  for (const word of words) {
    const start = text.indexOf(word, from);
    if (start < 0) continue;
    const end = start + word.length;
    if (best === null || start < best.start || (start === best.start && end > best.end))
      best = { start, end };
  }
  return best;
}
