const dayMs = 86_400_000;

/** Load of a service through the day, 0.3 at night to 1 at its peak hour (UTC). */
export function dailyLoad(timeMs: number, peakHour: number): number {
  const hour = ((timeMs % dayMs) / dayMs) * 24;
  return 0.65 + 0.35 * Math.cos(((hour - peakHour) / 24) * 2 * Math.PI);
}
