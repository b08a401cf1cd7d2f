import { useCallback, useMemo } from 'react';
import { parseRange, rangeKey, rangeParams, resolveRange } from './time-range.ts';
import type { RangeSpec, ResolvedRange } from './time-range.ts';
import { useSearchState } from './use-search-state.ts';

export interface PageRange {
  range: RangeSpec;
  key: string;
  live: boolean;
  /** The ends at this moment. */
  resolve: () => ResolvedRange;
  set: (range: RangeSpec) => void;
  /** What a drag over a chart asks for. */
  zoom: (from: number, to: number) => void;
}

const minZoomMs = 1000;

export function useRange(): PageRange {
  const [params, update] = useSearchState();
  const from = params['from'];
  const to = params['to'];
  const span = params['range'];
  const range = useMemo(() => parseRange({ from, to, range: span }), [from, to, span]);
  const set = useCallback((next: RangeSpec) => update(rangeParams(next), { push: true }), [update]);
  const zoom = useCallback(
    (start: number, end: number) => {
      const middle = (start + end) / 2;
      const half = Math.max(end - start, minZoomMs) / 2;
      set({ kind: 'absolute', from: Math.round(middle - half), to: Math.round(middle + half) });
    },
    [set],
  );
  const resolve = useCallback(() => resolveRange(range, Date.now()), [range]);
  return { range, key: rangeKey(range), live: range.kind === 'relative', resolve, set, zoom };
}
