/** The queries that were run, newest first, in this browser; bounded in number and in size. */
export const maxHistoryEntries = 50;
export const maxHistoryChars = 20_000;
const storageKey = 'plimsoll.sql.history';

export interface HistoryStore {
  getItem: (key: string) => string | null;
  setItem: (key: string, value: string) => void;
}

export function readHistory(store: HistoryStore): string[] {
  try {
    const parsed: unknown = JSON.parse(store.getItem(storageKey) ?? '[]');
    return Array.isArray(parsed)
      ? parsed.filter((item) => typeof item === 'string').slice(0, maxHistoryEntries)
      : [];
  } catch {
    return [];
  }
}

/** The same query again moves to the top; one that is too long is not kept. */
export function addToHistory(history: readonly string[], query: string): string[] {
  const text = query.trim();
  if (text === '' || text.length > maxHistoryChars) return [...history];
  return [text, ...history.filter((item) => item !== text)].slice(0, maxHistoryEntries);
}

export function writeHistory(store: HistoryStore, history: readonly string[]): void {
  try {
    store.setItem(storageKey, JSON.stringify(history));
  } catch {
    // Storage is full or switched off: the history is a convenience, the query ran all the same.
  }
}
