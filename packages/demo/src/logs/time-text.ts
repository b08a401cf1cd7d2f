/** Times as text, many within the same second: the second is written once. */
let lastSecond = Number.NaN;
let lastText = '';

/** `2026-01-31T23:59:59`, UTC. */
function secondText(timeMs: number): string {
  const second = Math.floor(timeMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = new Date(second * 1000).toISOString().slice(0, 19);
  }
  return lastText;
}

/** `2026-01-31T23:59:59.123Z` */
export function isoTime(timeMs: number): string {
  return `${secondText(timeMs)}.${String(Math.floor(timeMs) % 1000).padStart(3, '0')}Z`;
}

/** RFC 3339 with nanoseconds, as Docker writes it; the last six digits are given. */
export function nanosecondTime(timeMs: number, nanoseconds: number): string {
  const ms = String(Math.floor(timeMs) % 1000).padStart(3, '0');
  return `${secondText(timeMs)}.${ms}${String(nanoseconds).padStart(6, '0')}Z`;
}
