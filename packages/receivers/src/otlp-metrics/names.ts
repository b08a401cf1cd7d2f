/**
 * Names of metrics and labels as Prometheus makes them of OTLP's by default (its translation strategy
 * UnderscoreEscapingWithSuffixes): `http.server.duration` in `s` is `http_server_duration_seconds`, a
 * counter ends in `_total`, a gauge of unit `1` in `_ratio`.
 *
 * The rules: opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics.
 */
import type { MetricKind } from './points.ts';

const units: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  // Prometheus writes it so.
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '1': '',
  '%': 'percent',
};

const perUnits: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
};

interface NamedMetric {
  name: string;
  unit: string;
  kind: MetricKind;
  isMonotonic: boolean;
}

/** Empty when nothing of the name can stay. */
export function metricNameOf({ name, unit, kind, isMonotonic }: NamedMetric): string {
  const tokens = name.split(/[^a-zA-Z0-9:]+/).filter((token) => token !== '');
  if (tokens.length === 0) return '';
  const { main, per } = unitWords(unit);
  if (main !== '' && !tokens.includes(main)) {
    // The underscore of a unit's last character would become two before what follows.
    tokens.push(per === '' ? main : main.replace(/_$/, ''));
  }
  if (per !== '' && !tokens.includes(per)) tokens.push(per);
  if (kind === 'sum' && isMonotonic) moveToEnd(tokens, 'total');
  if (kind === 'gauge' && unit === '1') moveToEnd(tokens, 'ratio');
  const joined = tokens.join('_');
  return /^\d/.test(joined) ? `_${joined}` : joined;
}

/** `bytes`, `requests_per_second`; empty for none. */
export function unitNameOf(unit: string): string {
  const { main, per } = unitWords(unit);
  return [main, per]
    .filter((word) => word !== '')
    .join('_')
    .replace(/_$/, '');
}

/** A unit in braces is a remark, not a unit. */
function unitWords(unit: string): { main: string; per: string } {
  const slash = unit.indexOf('/');
  const main = (slash < 0 ? unit : unit.slice(0, slash)).trim();
  const per = slash < 0 ? '' : unit.slice(slash + 1).trim();
  const perWord = cleanUnit(isRemark(per) ? '' : wordOf(perUnits, per)).replace(/_$/, '');
  return {
    main: cleanUnit(isRemark(main) ? '' : wordOf(units, main)),
    per: perWord === '' ? '' : `per_${perWord}`,
  };
}

function wordOf(words: Readonly<Record<string, string>>, unit: string): string {
  return Object.hasOwn(words, unit) ? (words[unit] ?? '') : unit;
}

function isRemark(unit: string): boolean {
  return /[{}]/.test(unit);
}

function cleanUnit(unit: string): string {
  return unit.replace(/[^a-zA-Z0-9:]+/g, '_').replace(/^_/, '');
}

function moveToEnd(tokens: string[], word: string): void {
  const others = tokens.filter((token) => token !== word);
  tokens.splice(0, tokens.length, ...others, word);
}

/** Empty when nothing of the name can stay. */
export function labelNameOf(attribute: string): string {
  const name = attribute.replace(/[^a-zA-Z0-9_]/gu, '_');
  if (name !== attribute && /^_*$/.test(name)) return '';
  if (/^\d/.test(name)) return `key_${name}`;
  return name.startsWith('_') && !name.startsWith('__') ? `key${name}` : name;
}

/** A bound as decimal digits without an exponent, as Prometheus writes `le` of OTLP's histograms. */
export function boundText(bound: number): string {
  const text = String(bound);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (!match) return text;
  const [, sign = '', first = '', rest = '', exponent = '0'] = match;
  const digits = first + rest;
  const point = Number(exponent) + 1;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}`;
}
