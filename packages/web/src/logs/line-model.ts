import type { LogEntry, LogPage } from '@plimsoll/model/api';

/** Lines that arrive while the reader looks at older ones wait at most this many; then the list is read anew. */
export const maxLiveLines = 5000;

export interface LiveLines {
  /** Newest first. */
  lines: readonly LogEntry[];
  /** More came than is kept: what is shown below is no longer joined to it. */
  overflowed: boolean;
}

export const noLiveLines: LiveLines = { lines: [], overflowed: false };

/** Takes new lines in, each once, newest first. `known` are the newest of the list below. */
export function takeLines(
  live: LiveLines,
  incoming: readonly LogEntry[],
  known: ReadonlySet<string>,
): LiveLines {
  if (live.overflowed) return live;
  const ids = new Set(live.lines.map((line) => line.id));
  const fresh: LogEntry[] = [];
  for (const line of incoming) {
    if (ids.has(line.id) || known.has(line.id)) continue;
    ids.add(line.id);
    fresh.push(line);
  }
  if (fresh.length === 0) return live;
  const lines = [...fresh, ...live.lines].sort(newestFirst);
  return lines.length > maxLiveLines
    ? { lines: [], overflowed: true }
    : { lines, overflowed: false };
}

/** Nanoseconds as decimal text of one length compare like numbers. */
function newestFirst(a: LogEntry, b: LogEntry): number {
  if (a.time_ns.length !== b.time_ns.length) return b.time_ns.length - a.time_ns.length;
  return a.time_ns < b.time_ns ? 1 : a.time_ns > b.time_ns ? -1 : 0;
}

export interface LineIndex {
  count: number;
  at: (index: number) => LogEntry | undefined;
}

/** One numbering over live lines and pages, without copying 100,000 lines at each change. */
export function indexLines(live: readonly LogEntry[], pages: readonly LogPage[]): LineIndex {
  const parts: (readonly LogEntry[])[] = [live, ...pages.map((page) => page.items)];
  const starts: number[] = [];
  let count = 0;
  for (const part of parts) {
    starts.push(count);
    count += part.length;
  }
  return {
    count,
    at(index) {
      let low = 0;
      let high = parts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((starts[middle] ?? 0) <= index) low = middle;
        else high = middle - 1;
      }
      return parts[low]?.[index - (starts[low] ?? 0)];
    },
  };
}
