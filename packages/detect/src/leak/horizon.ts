/**
 * How far back a trend is looked for. A fast leak shows within half an hour of fine windows, a slow
 * one only within days of wide ones; each horizon sees a series as at most 60 window minima, the
 * *floors*: garbage collection and caches come and go above the floor, a leak lifts it.
 */
export interface Horizon {
  name: 'minutes' | 'hours' | 'day' | 'week';
  windowSeconds: number;
  /** Windows at most; older ones are not part of the trend but of what was seen earlier. */
  maxWindows: number;
  /** Windows at least, so that chance alone hardly makes a trend. */
  minWindows: number;
  /** Kendall's tau at least: the finer the window, the less a series may waver. */
  minTau: number;
}

export const horizons: readonly Horizon[] = [
  { name: 'minutes', windowSeconds: 90, maxWindows: 60, minWindows: 20, minTau: 0.85 },
  { name: 'hours', windowSeconds: 900, maxWindows: 48, minWindows: 12, minTau: 0.8 },
  { name: 'day', windowSeconds: 3600, maxWindows: 36, minWindows: 14, minTau: 0.75 },
  { name: 'week', windowSeconds: 4 * 3600, maxWindows: 42, minWindows: 12, minTau: 0.65 },
];

/** Window of the table `container_floors`, in seconds; a migration holds the same number. */
export const floorSeconds = 900;
/** Window of the floors that are taken from the samples themselves, in seconds. */
export const fineFloorSeconds = 90;
/** What a process does in its first minutes (loading, filling pools) is no trend. */
export const warmUpSeconds = 600;
/** A process is not judged before this age. */
export const minAgeSeconds = 900;
