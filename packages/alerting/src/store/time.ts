/** `2026-01-31 23:59:59.123`: DateTime64(3) in UTC; null is 1970, which stands for "not yet". */
export function toDateTime(ms: number | null): string {
  return new Date(ms ?? 0).toISOString().replace('T', ' ').replace('Z', '');
}

/** Milliseconds as the engine returned them; 0 stands for "not yet". */
export function fromMilliseconds(ms: number): number | null {
  return ms === 0 ? null : ms;
}
