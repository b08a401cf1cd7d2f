/**
 * Newest first over a long range: the newest minute is looked at before the last hour before the
 * last week, so that a page that fills early reads little, and one that never fills costs one pass
 * and a handful of statements.
 */
export interface SearchWindow {
  /** Milliseconds since 1970, `[from, to)`. */
  from: number;
  to: number;
}

const firstWindowMs = 60_000;
const growth = 4;

/** Windows from the newest to the oldest: they meet without gap or overlap and cover the range. */
export function planSearchWindows(from: number, to: number): SearchWindow[] {
  const windows: SearchWindow[] = [];
  let end = to;
  let size = firstWindowMs;
  while (end > from) {
    // A remainder smaller than half of this window is not worth a statement of its own.
    const start = end - size * 1.5 <= from ? from : end - size;
    windows.push({ from: start, to: end });
    end = start;
    size *= growth;
  }
  return windows;
}
