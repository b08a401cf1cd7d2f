/** What a resource says of its series: `job`, `instance`, and `target_info` with all the rest. */
import type { Label } from '../metrics/series-identity.ts';
import type { Attribute } from '../otlp/attributes.ts';
import { labelNameOf } from './names.ts';

const identifying = ['service.namespace', 'service.name', 'service.instance.id'];

export interface ResourceLabels {
  /** `job` and `instance`, as far as the resource names them. */
  own: readonly Label[];
  /** Labels of the resource's `target_info`; null: it has none. */
  targetInfo: readonly Label[] | null;
}

export function resourceLabels(attributes: readonly Attribute[]): ResourceLabels {
  const named = new Map(attributes);
  const service = named.get('service.name');
  const namespace = named.get('service.namespace');
  const instance = named.get('service.instance.id');
  const own: Label[] = [];
  if (service !== undefined) {
    own.push(['job', namespace === undefined ? service : `${namespace}/${service}`]);
  }
  if (instance !== undefined) own.push(['instance', instance]);
  const others = attributes.filter(([name]) => !identifying.includes(name));
  const hasInfo = own.length > 0 && others.length > 0;
  return {
    own,
    targetInfo: hasInfo ? [['__name__', 'target_info'], ...labelsOf(others, own)] : null,
  };
}

/**
 * Attributes as labels, with those of the resource, which win. Names that become the same share a label,
 * in the order of the attributes' names: `a;b`.
 */
export function labelsOf(attributes: readonly Attribute[], own: readonly Label[]): Label[] {
  const labels = new Map<string, string>();
  const sorted = attributes.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  for (const [attribute, value] of sorted) {
    const name = labelNameOf(attribute);
    // The name is the metric's.
    if (name === '' || name === '__name__') continue;
    const before = labels.get(name);
    labels.set(name, before === undefined ? value : `${before};${value}`);
  }
  for (const [name, value] of own) labels.set(name, value);
  return [...labels];
}
