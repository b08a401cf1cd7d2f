/** What labels of one record may be; above it the record is refused, and the answer says so. */
export const labelLimits = {
  /** Names and values together, in characters. */
  maxLength: 64 * 1024,
  maxNameLength: 1024,
  maxCount: 256,
} as const;

/** Null when the labels may be stored. */
export function labelProblem(
  pairs: readonly (readonly [name: string, value: string])[],
): string | null {
  if (pairs.length > labelLimits.maxCount) {
    return `expected at most ${labelLimits.maxCount} labels, got ${pairs.length}`;
  }
  let length = 0;
  for (const [name, value] of pairs) {
    length += name.length + value.length;
    if (name.length > labelLimits.maxNameLength) {
      return `expected names of at most ${labelLimits.maxNameLength} characters, got ${name.length}`;
    }
  }
  if (length <= labelLimits.maxLength) return null;
  return `expected at most ${labelLimits.maxLength} characters of labels, got ${length}`;
}
