import { useState, type ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { LogFacets } from '@plimsoll/model/api';
import { quantityText } from '../format/quantity.ts';
import type { PageRange } from '../url/use-range.ts';
import { ErrorState } from '../ui/notices.tsx';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { facetsQuery } from './log-queries.ts';
import {
  isEmptyFilter,
  toggleFacet,
  toggleSeverity,
  type FacetKey,
  type LogFilter,
} from './log-filter.ts';
import { severityLook } from './severity.ts';

interface FacetPanelProps {
  filter: LogFilter;
  range: PageRange;
  onChange: (filter: LogFilter) => void;
}

const sections: readonly { key: Exclude<FacetKey, 'container_id'>; title: string }[] = [
  { key: 'service', title: 'Service' },
  { key: 'container', title: 'Container' },
  { key: 'image', title: 'Image' },
  { key: 'host', title: 'Host' },
  { key: 'stream', title: 'Stream' },
];
const shownValues = 7;

/** The most frequent values under the same filters; a press adds or removes one. */
export function FacetPanel({ filter, range, onChange }: FacetPanelProps): ReactNode {
  const { data, error, isError, refetch } = useQuery(facetsQuery(filter, range));
  if (data === undefined) {
    return isError ? (
      <ErrorState what="The values" error={error} onRetry={() => void refetch()} />
    ) : (
      <SkeletonRows rows={14} height={24} />
    );
  }
  const severities = withChosen(data.severity, filter.severity);
  if (severities.length === 0) {
    return (
      <p className="muted">
        {isEmptyFilter(filter)
          ? 'With the first line, its severity, service, container, image and host stand here.'
          : 'No line, no values.'}
      </p>
    );
  }
  return (
    <div className="facets">
      <Facet title="Severity">
        {severities.map((item) => (
          <Value
            key={item.value}
            checked={filter.severity.includes(item.value)}
            count={item.count}
            onToggle={() => onChange(toggleSeverity(filter, item.value))}
          >
            <span className={`severity severity-${severityLook(item.value).tone}`}>
              {severityLook(item.value).letter}
            </span>
            {severityLook(item.value).title}
          </Value>
        ))}
      </Facet>
      {sections.map(({ key, title }) => (
        <FacetSection
          key={key}
          facet={key}
          title={title}
          values={withChosen(data[key], filter[key])}
          chosen={filter[key]}
          onToggle={(value) => onChange(toggleFacet(filter, key, value))}
        />
      ))}
    </div>
  );
}

/** Each facet is counted under the filters of the others; what is chosen stays even without a line. */
function withChosen<V extends string>(
  counted: readonly { value: V; count: number }[],
  chosen: readonly V[],
): { value: V; count: number }[] {
  const absent = chosen.filter((value) => counted.every((item) => item.value !== value));
  return [...counted, ...absent.map((value) => ({ value, count: 0 }))];
}

/** Of an image the end tells it from others; the registry is the same for most. */
function shownName(key: FacetKey, value: string): string {
  return key === 'image' ? value.slice(value.lastIndexOf('/') + 1) : value;
}

interface FacetSectionProps {
  facet: FacetKey;
  title: string;
  values: LogFacets['container'];
  chosen: readonly string[];
  onToggle: (value: string) => void;
}

function FacetSection({ facet, title, values, chosen, onToggle }: FacetSectionProps): ReactNode {
  const [all, setAll] = useState(false);
  const named = values.filter((item) => item.value !== '');
  if (named.length === 0) return null;
  const shown = named.filter(
    ({ value }, index) => all || index < shownValues || chosen.includes(value),
  );
  return (
    <Facet title={title}>
      {shown.map((item) => (
        <Value
          key={item.value}
          checked={chosen.includes(item.value)}
          count={item.count}
          onToggle={() => onToggle(item.value)}
        >
          <span className="truncate" title={item.value}>
            {shownName(facet, item.value)}
          </span>
        </Value>
      ))}
      {(all ? named.length > shownValues : named.length > shown.length) && (
        <li>
          <button type="button" className="text-link facet-more" onClick={() => setAll(!all)}>
            {all ? 'fewer' : `${named.length - shown.length} more`}
          </button>
        </li>
      )}
    </Facet>
  );
}

function Facet({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <section className="facet">
      <h3>{title}</h3>
      <ul>{children}</ul>
    </section>
  );
}

function Value(props: {
  checked: boolean;
  count: number;
  onToggle: () => void;
  children: ReactNode;
}): ReactNode {
  return (
    <li>
      <button
        type="button"
        className="facet-value"
        role="checkbox"
        aria-checked={props.checked}
        onClick={props.onToggle}
      >
        <span className="facet-check" aria-hidden="true" />
        <span className="facet-name">{props.children}</span>
        <span className="num">{quantityText(props.count, 'count')}</span>
      </button>
    </li>
  );
}
