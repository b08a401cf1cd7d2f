/** Every error body of the native API. `code` is from a closed list; `message` says what to do. */
export interface ApiError {
  error: {
    code: string;
    message: string;
    position?: number | undefined;
    retry_after_seconds?: number | undefined;
  };
}

/** A page of results: `next` is an opaque cursor, null on the last page. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** Milliseconds since 1970, half open `[from, to)`. */
export interface TimeRange {
  from: number;
  to: number;
}

/** `[milliseconds since 1970, value]`; null where nothing was measured: a gap is drawn as a gap. */
export type SeriesPoint = readonly [number, number | null];

/** The one visual grammar: within, near (or throttled), over the line, leaking. */
export type LoadState = 'within' | 'near' | 'over' | 'leaking';

/** How full something is. `limit` 0 means none; then `ratio` is null. */
export interface Waterline {
  used: number | null;
  limit: number;
  ratio: number | null;
}
