/**
 * How far the kernel log was read: what a checkpoint holds, so that a restart neither repeats an
 * event nor misses one that the kernel still has.
 */
export interface KmsgPosition {
  /** Sequence numbers begin at 0 with each boot. */
  boot_id: string;
  /** Which device or file they belong to. */
  source: string;
  /** Last record that needs no second look; -1 before the first. */
  sequence: number;
  /**
   * Milliseconds since 1970 at the kernel's time zero. Kept, so that an event that is read again
   * has the same time to the millisecond.
   */
  boot_time_ms: number;
}

/** Checks what a checkpoint file holds. */
export function isKmsgPosition(value: unknown): value is KmsgPosition {
  return (
    typeof value === 'object' &&
    value !== null &&
    'boot_id' in value &&
    typeof value.boot_id === 'string' &&
    'source' in value &&
    typeof value.source === 'string' &&
    'sequence' in value &&
    Number.isSafeInteger(value.sequence) &&
    'boot_time_ms' in value &&
    typeof value.boot_time_ms === 'number' &&
    Number.isFinite(value.boot_time_ms)
  );
}
