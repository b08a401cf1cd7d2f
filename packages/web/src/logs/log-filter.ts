import type { Severity } from '@plimsoll/model';
import { toList, toText, type SearchParams } from '../url/search-params.ts';
import { severityLooks } from './severity.ts';

export const facetKeys = [
  'service',
  'container',
  'container_id',
  'image',
  'host',
  'stream',
] as const;
export type FacetKey = (typeof facetKeys)[number];

/** What is asked of the logs, but for the time. It lives in the address; this is its codec. */
export interface LogFilter extends Record<FacetKey, readonly string[]> {
  text: string;
  isRegex: boolean;
  severity: readonly Severity[];
}

export const emptyFilter: LogFilter = {
  text: '',
  isRegex: false,
  severity: [],
  service: [],
  container: [],
  container_id: [],
  image: [],
  host: [],
  stream: [],
};

/** The parameter of a severity that was not found: an empty one would get lost in an address. */
const unknownSeverity = 'none';

export function parseFilter(params: SearchParams): LogFilter {
  const regex = toText(params['regex']);
  const filter: LogFilter = {
    ...emptyFilter,
    text: regex === '' ? toText(params['q']) : regex,
    isRegex: regex !== '' || toText(params['match']) === 'regex',
    severity: toList(params['severity'])
      .map(severityOf)
      .filter((item) => item !== null),
  };
  for (const key of facetKeys) filter[key] = toList(params[key]);
  return filter;
}

export function filterParams(filter: LogFilter): SearchParams {
  const params: SearchParams = {
    q: filter.isRegex || filter.text === '' ? undefined : filter.text,
    regex: filter.isRegex && filter.text !== '' ? filter.text : undefined,
    match: filter.isRegex && filter.text === '' ? 'regex' : undefined,
    severity: listParam(filter.severity.map((item) => (item === '' ? unknownSeverity : item))),
  };
  for (const key of facetKeys) params[key] = listParam(filter[key]);
  return params;
}

/** The same as the server's query parameters (`LogQuery`). */
export function requestParams(
  filter: LogFilter,
): Record<string, string | readonly string[] | undefined> {
  return {
    q: filter.isRegex ? undefined : filter.text,
    regex: filter.isRegex ? filter.text : undefined,
    severity: filter.severity,
    service: filter.service,
    container: filter.container,
    container_id: filter.container_id,
    image: filter.image,
    host: filter.host,
    stream: filter.stream,
  };
}

export function isEmptyFilter(filter: LogFilter): boolean {
  return (
    filter.text === '' &&
    filter.severity.length === 0 &&
    facetKeys.every((key) => filter[key].length === 0)
  );
}

export function toggleFacet(filter: LogFilter, key: FacetKey, value: string): LogFilter {
  return { ...filter, [key]: toggled(filter[key], value) };
}

export function toggleSeverity(filter: LogFilter, value: Severity): LogFilter {
  return { ...filter, severity: toggled(filter.severity, value) };
}

function toggled<T>(list: readonly T[], value: T): T[] {
  return list.includes(value) ? list.filter((item) => item !== value) : [...list, value];
}

function listParam(list: readonly string[]): string | string[] | undefined {
  if (list.length === 0) return undefined;
  return list.length === 1 ? list[0] : [...list];
}

function severityOf(text: string): Severity | null {
  if (text === unknownSeverity) return '';
  return (
    severityLooks.find((look) => look.severity !== '' && look.severity === text)?.severity ?? null
  );
}

/** A stable text for cache keys. */
export function filterKey(filter: LogFilter): string {
  return JSON.stringify(requestParams(filter));
}
