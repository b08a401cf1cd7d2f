/**
 * The search part of the address holds the state of a view. A parameter that occurs once is a
 * string, one that is repeated is a list; nothing is JSON, so that addresses stay readable.
 */
export type SearchParams = Record<string, string | string[] | undefined>;

export function parseSearch(text: string): SearchParams {
  const params: SearchParams = {};
  for (const [key, value] of new URLSearchParams(text.startsWith('?') ? text.slice(1) : text)) {
    const known = Object.hasOwn(params, key) ? params[key] : undefined;
    if (known === undefined) params[key] = value;
    else params[key] = Array.isArray(known) ? [...known, value] : [known, value];
  }
  return params;
}

export function stringifySearch(params: SearchParams): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    for (const item of toList(value)) search.append(key, item);
  }
  // Commas, colons and slashes are legal in a query: leave them readable.
  const text = search
    .toString()
    .replaceAll('%2C', ',')
    .replaceAll('%3A', ':')
    .replaceAll('%2F', '/');
  return text === '' ? '' : `?${text}`;
}

export function toList(value: string | string[] | undefined): string[] {
  if (value === undefined || value === '') return [];
  return Array.isArray(value) ? value : [value];
}

export function toText(value: string | string[] | undefined): string {
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '');
}

/** The value if it is one of the allowed, else the first of them. */
export function toChoice<T extends string>(
  value: string | string[] | undefined,
  allowed: readonly [T, ...T[]],
): T {
  const text = toText(value);
  return allowed.find((item) => item === text) ?? allowed[0];
}

/** What a link to another view keeps: the time range. */
export function rangeOnly(params: SearchParams): SearchParams {
  const kept: SearchParams = {};
  for (const key of ['range', 'from', 'to']) if (params[key] !== undefined) kept[key] = params[key];
  return kept;
}
