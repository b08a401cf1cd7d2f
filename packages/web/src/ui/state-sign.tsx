import type { ReactNode } from 'react';
import type { LoadState } from '@plimsoll/model/api';

const shapes: Record<LoadState, string> = {
  within: 'M1.5 5a3.5 3.5 0 1 1 7 0 3.5 3.5 0 0 1-7 0z',
  near: 'M5 .8 9.2 5 5 9.2.8 5z',
  over: 'M1 1h8v8H1z',
  leaking: 'M5 .8 9.5 9h-9z',
};

/** A different shape for each state, so that colour is never the only sign. */
export function StateSign({ state }: { state: LoadState }): ReactNode {
  return (
    <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      <path d={shapes[state]} fill="currentColor" />
    </svg>
  );
}
