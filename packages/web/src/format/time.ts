import { formatDuration } from './quantity.ts';

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

/** `11:42:07.318`, in the reader's time zone. */
export function clockTime(ms: number, withMillis = true): string {
  const date = new Date(ms);
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return withMillis ? `${clock}.${pad(date.getMilliseconds(), 3)}` : clock;
}

/** `2026-11-23 11:42:07.318` */
export function exactTime(ms: number): string {
  return `${dayOf(ms)} ${clockTime(ms)}`;
}

/** `2026-11-23 11:42:07.318402118`: a log line's own nine digits. */
export function exactTimeNs(timeNs: string): string {
  const ms = Number(BigInt(timeNs) / 1_000_000n);
  return `${dayOf(ms)} ${clockTime(ms, false)}.${timeNs.slice(-9).padStart(9, '0')}`;
}

export function dayOf(ms: number): string {
  const date = new Date(ms);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** `14:10` today, `Sun 14:10` within a week, `11-02 14:10` before. */
export function shortTime(ms: number, now: number): string {
  const date = new Date(ms);
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  if (dayOf(ms) === dayOf(now)) return clock;
  const days = Math.abs(now - ms) / 86_400_000;
  if (days < 6) return `${date.toLocaleDateString('en-GB', { weekday: 'short' })} ${clock}`;
  return `${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clock}`;
}

/** `now`, `12 s ago`, `3 h ago`, `in 5 m`: one unit, because the exact time is on hover. */
export function relativeTime(ms: number, now: number): string {
  const seconds = (now - ms) / 1000;
  if (Math.abs(seconds) < 2) return 'now';
  const text = oneUnit(Math.abs(seconds));
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

function oneUnit(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `5 h 40 m`, or `now` where nothing is left. */
export function timeLeft(seconds: number | null): string {
  if (seconds === null || seconds <= 0) return 'now';
  return formatDuration(seconds);
}

/** Half the interval, as `± 50 m`; empty when it is not known. */
export function plusMinus(low: number | null, high: number | null): string {
  if (low === null || high === null || high <= low) return '';
  const half = (high - low) / 2;
  // An estimate's error in seconds says more than anybody knows.
  const seconds = half >= 120 ? Math.round(half / 60) * 60 : half;
  return `± ${formatDuration(seconds)}`;
}
