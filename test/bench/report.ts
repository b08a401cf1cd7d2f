/** One measured figure of a suite. Metric names end in their unit. */
export interface Measurement {
  /** What was measured, under which conditions. */
  case: string;
  /** Such as `lines_per_second`, `peak_rss_bytes`, `ratio`. */
  metric: string;
  value: number;
  /** For people: `MB/s`, `B`, `ms`; empty for a ratio or a count. */
  unit: string;
}

export type Report = (measurement: Measurement) => void;

/** What each file in `suites/` exports by default. */
export interface Suite {
  name: string;
  run: (report: Report) => Promise<void>;
}
