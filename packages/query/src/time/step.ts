const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Steps that fall on marks people read a clock by, in milliseconds. */
const roundSteps = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12].map((n) => n * hour),
  ...[1, 2, 7, 14, 28].map((n) => n * day),
];

/** The least round step, at least `minimumMs`, that cuts the range into at most `points` pieces. */
export function roundStep(rangeMs: number, points: number, minimumMs: number): number {
  // One piece is lost to the alignment at either end.
  const wanted = Math.max(minimumMs, rangeMs / Math.max(1, points - 1));
  const step = roundSteps.find((candidate) => candidate >= wanted);
  return step ?? Math.ceil(wanted / (28 * day)) * 28 * day;
}

/** The steps that `[from, to)` touches, aligned to multiples of the step since 1970. */
export function alignRange(
  from: number,
  to: number,
  stepMs: number,
): { start: number; count: number } {
  const start = Math.floor(from / stepMs) * stepMs;
  return { start, count: Math.max(1, Math.ceil((to - start) / stepMs)) };
}
