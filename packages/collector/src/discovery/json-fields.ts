/**
 * Fields of JSON that comes from outside, such as a daemon's answers: one that is missing or of
 * another type reads as its empty value.
 */

/** The field at a path of keys; undefined where the path ends. */
export function at(value: unknown, ...path: string[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) {
      return undefined;
    }
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

export function text(value: unknown, ...path: string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** A whole number not below zero; 0 for anything else, such as -1 for "no limit". */
export function whole(value: unknown, ...path: string[]): number {
  const found = at(value, ...path);
  return typeof found === 'number' && Number.isSafeInteger(found) && found > 0 ? found : 0;
}

export function isTrue(value: unknown, ...path: string[]): boolean {
  return at(value, ...path) === true;
}

export function list(value: unknown, ...path: string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The texts of a list; what is something else is left out. */
export function textList(value: unknown, ...path: string[]): string[] {
  return list(value, ...path).filter((each): each is string => typeof each === 'string');
}

export function textMap(value: unknown, ...path: string[]): Record<string, string> {
  const found = at(value, ...path);
  if (typeof found !== 'object' || found === null) return {};
  return Object.fromEntries(
    Object.entries(found).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

/** Milliseconds since 1970 of a time in RFC 3339; Docker writes the year 1 for "never": 0. */
export function timeMs(value: unknown, ...path: string[]): number {
  const parsed = Date.parse(text(value, ...path));
  return Number.isFinite(parsed) && parsed > 0 ? parsed : 0;
}
