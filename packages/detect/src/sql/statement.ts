/** A value that travels beside the text of a statement, never inside it. */
export type SelectParameter = string | number | boolean | readonly string[] | readonly number[];

/** Evaluation time in SQL; every statement gets `now` in milliseconds since 1970. */
export const now = `fromUnixTimestamp64Milli({now:Int64}, 'UTC')`;

/**
 * Rows of the last `seconds`, with a little of the future: clocks of hosts differ, but a sample
 * from a clock that was far ahead must not stay "the newest" for ever.
 */
export function within(seconds: number, column = 'time'): string {
  return (
    `tenant = {tenant:String} AND ${column} > ${now} - toIntervalSecond(${seconds}) ` +
    `AND ${column} <= ${now} + toIntervalSecond(60)`
  );
}

/** Parameters that every statement of a rule takes. */
export function scopeParams(scope: {
  tenant: string;
  nowMs: number;
  threshold: number;
}): Record<string, SelectParameter> {
  return { tenant: scope.tenant, now: Math.trunc(scope.nowMs), threshold: scope.threshold };
}
