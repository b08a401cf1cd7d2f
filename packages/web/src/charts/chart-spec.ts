import type { Unit } from '../format/quantity.ts';

/** How a line looks. Colours of states are only for states: `near` for throttling, `over` for stalls. */
export type LineTone = 'deep' | 'water' | 'pale' | 'grey' | 'near' | 'over';

export interface ChartLine {
  /** Name in the server's answer. */
  name: string;
  title: string;
  tone: LineTone;
  /** Taken off before drawing: page cache contains shared memory, for example. */
  minus?: string;
  /** The value is this name less the line's own: used is size less available. */
  from?: string;
  /** Measured more rarely than the others: a value stands this long, or until the next one. */
  heldSeconds?: number;
}

export interface ChartSpec {
  key: string;
  title: string;
  hint?: string;
  unit: Unit;
  lines: readonly ChartLine[];
  /** Lines are laid on top of each other, the first at the bottom. */
  stacked?: boolean;
  /** Lines whose points lie at different times, as a query may give them: no gaps between them. */
  bridged?: boolean;
  /** Name of the limit's series: drawn as a dashed line with its steps. */
  limit?: string;
}
