/** From labels to the identity of a series, with everything that may be wrong with labels. */
import { hash } from 'node:crypto';
import type { SeriesIdentity } from './metrics-batch.ts';
import type { MetricLimits } from './metric-limits.ts';

export type Label = readonly [name: string, value: string];

export type IdentifiedSeries =
  | { readonly ok: true; readonly identity: SeriesIdentity }
  /** What is wrong, as `expected …, got …`. */
  | { readonly ok: false; readonly problem: string };

type LabelLimits = Pick<MetricLimits, 'maxLabels' | 'maxLabelNameBytes' | 'maxLabelValueBytes'>;

/**
 * Order does not matter, as it does not in Prometheus; a label without a value is no label. Names may
 * be any UTF-8, as since Prometheus 3.
 */
export function identifySeries(given: readonly Label[], limits: LabelLimits): IdentifiedSeries {
  const problem = problemOf(given, limits);
  if (problem !== null) return { ok: false, problem };
  const sorted = sortedLabels(given);
  for (const [index, [name]] of sorted.entries()) {
    if (name === sorted[index - 1]?.[0]) {
      return { ok: false, problem: `expected each label once, got ${JSON.stringify(name)} twice` };
    }
  }
  const metricName = sorted.find(([name]) => name === '__name__')?.[1];
  if (metricName === undefined) {
    return { ok: false, problem: "expected a label __name__ with the metric's name, got none" };
  }
  return { ok: true, identity: identityOf(metricName, sorted) };
}

function identityOf(metricName: string, sorted: readonly Label[]): SeriesIdentity {
  const id = seriesId(sorted);
  return {
    id,
    metricName,
    labels: sorted.filter(([name]) => name !== '__name__'),
    rowKey: `,${JSON.stringify(metricName)},${id},`,
  };
}

/**
 * The first 8 bytes, little endian, of SHA-256 over `name 0xff value 0xff` of each label in order: 0xff
 * is in no UTF-8, so that no two sets of labels read alike. The same for all time: rows refer to it.
 *
 * @param sorted with `__name__`
 * @returns UInt64 in decimal
 */
function seriesId(sorted: readonly Label[]): string {
  let text = '';
  for (const [name, value] of sorted) text += `${name}\xff${value}\xff`;
  const isAscii = sorted.every(([name, value]) => ascii.test(name) && ascii.test(value));
  const bytes = isAscii ? Buffer.from(text, 'latin1') : utf8Of(sorted);
  return hash('sha256', bytes, 'buffer').readBigUInt64LE(0).toString();
}

/** A byte each, whichever way it is encoded. */
// eslint-disable-next-line no-control-regex -- control characters are a byte as well
const ascii = /^[\x00-\x7f]*$/;

function utf8Of(sorted: readonly Label[]): Buffer {
  const end = Buffer.from([0xff]);
  return Buffer.concat(
    sorted.flatMap(([name, value]) => [Buffer.from(name), end, Buffer.from(value), end]),
  );
}

function problemOf(labels: readonly Label[], limits: LabelLimits): string | null {
  if (labels.length > limits.maxLabels) {
    return `expected at most ${limits.maxLabels} labels, got ${labels.length}`;
  }
  for (const [name, value] of labels) {
    const problem = problemOfLabel(name, value, limits);
    if (problem !== null) return problem;
  }
  return null;
}

function problemOfLabel(name: string, value: string, limits: LabelLimits): string | null {
  if (name === '') return 'expected a name for each label, got an empty one';
  const nameBytes = bytesOf(name, limits.maxLabelNameBytes);
  if (nameBytes > limits.maxLabelNameBytes) {
    return `expected names of labels of at most ${limits.maxLabelNameBytes} bytes, got ${nameBytes}`;
  }
  const valueBytes = bytesOf(value, limits.maxLabelValueBytes);
  if (valueBytes > limits.maxLabelValueBytes) {
    return `label ${JSON.stringify(name)}: expected at most ${limits.maxLabelValueBytes} bytes, got ${valueBytes}`;
  }
  if (name.isWellFormed() && value.isWellFormed()) return null;
  return `label ${JSON.stringify(name)}: expected UTF-8`;
}

/** A character is at most 3 bytes per unit of UTF-16: most need not be counted. */
function bytesOf(text: string, limit: number): number {
  return text.length * 3 <= limit ? text.length : Buffer.byteLength(text);
}

/** Those with a value. Most senders have sorted them. */
function sortedLabels(given: readonly Label[]): readonly Label[] {
  const named = given.every(([, value]) => value !== '')
    ? given
    : given.filter(([, value]) => value !== '');
  const isSorted = named.every(
    (label, at) => at === 0 || byName(named[at - 1] ?? label, label) <= 0,
  );
  return isSorted ? named : named.toSorted(byName);
}

/** By UTF-8 bytes, as Go compares strings; of ASCII that is the order of the units. */
function byName([left]: Label, [right]: Label): number {
  if (left === right) return 0;
  // Halves of pairs stand before U+E000 in UTF-16 and behind it in UTF-8: elsewhere the orders agree.
  if (!surrogate.test(left) && !surrogate.test(right)) return left < right ? -1 : 1;
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

const surrogate = /[\ud800-\udfff]/;

/** For messages: `{__name__="x", job="y", …}`, short whatever the labels are. */
export function describeLabels(labels: readonly Label[]): string {
  const first = labels.toSorted(([a], [b]) => Number(b === '__name__') - Number(a === '__name__'));
  const shown = first
    .slice(0, 4)
    .map(([name, value]) => `${cut(name)}=${JSON.stringify(cut(value))}`);
  return `{${[...shown, ...(labels.length > 4 ? ['…'] : [])].join(', ')}}`;
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
