import { useMemo, type ReactNode } from 'react';
import { Link } from '@tanstack/react-router';
import type { LogEntry } from '@plimsoll/model/api';
import { exactTimeNs } from '../format/time.ts';
import { rangeParams } from '../url/time-range.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Icon } from '../ui/icon.tsx';
import { AnsiText } from './ansi-text.tsx';
import { toggleFacet, toggleSeverity, type FacetKey, type LogFilter } from './log-filter.ts';
import { parseJsonMessage } from './json-message.ts';
import { JsonTree } from './json-tree.tsx';
import { severityLook } from './severity.ts';

interface LogDetailProps {
  entry: LogEntry;
  filter: LogFilter;
  onFilter?: (filter: LogFilter) => void;
  onContext: (id: string) => void;
}

/** What a container's view shows around the time of a line. */
const aroundMs = 15 * 60_000;
const shownChars = 100_000;

export function LogDetail({ entry, filter, onFilter, onContext }: LogDetailProps): ReactNode {
  const json = useMemo(() => parseJsonMessage(entry.message), [entry.message]);
  const around = rangeParams({
    kind: 'absolute',
    from: entry.time - aroundMs,
    to: entry.time + aroundMs,
  });
  return (
    <div className="log-detail">
      <div className="log-detail-actions">
        <button type="button" className="button button-small" onClick={() => onContext(entry.id)}>
          <Icon name="logs" size={13} /> Lines around it
        </button>
        {entry.container_id !== '' && (
          <Link
            to="/container"
            search={{ ...around, id: entry.container_id }}
            className="button button-small"
          >
            <Icon name="containers" size={13} /> Container at this time
          </Link>
        )}
        <CopyButton label="Copy the message" caption="Message" text={() => entry.message} />
        <CopyButton
          label="Copy as JSON"
          caption="JSON"
          text={() => JSON.stringify(entry, null, 2)}
        />
        <CopyButton
          label="Copy a link to this line"
          caption="Link"
          icon="link"
          text={() => linkTo(entry)}
        />
      </div>
      <div className="log-detail-message mono">
        {json !== null ? (
          <JsonTree value={json} />
        ) : (
          <AnsiText text={(entry.message_raw ?? entry.message).slice(0, shownChars)} />
        )}
        {entry.message.length > shownChars && (
          <div className="muted">
            {entry.message.length - shownChars} more characters: copy the message to see all.
          </div>
        )}
      </div>
      <dl className="log-fields">
        <Field name="time" value={exactTimeNs(entry.time_ns)} />
        <Field
          name="severity"
          value={severityLook(entry.severity).title}
          onToggle={onFilter && (() => onFilter(toggleSeverity(filter, entry.severity)))}
        />
        {facetFields.map(({ key, name }) => (
          <Field
            key={key}
            name={name}
            value={entry[key]}
            onToggle={onFilter && (() => onFilter(toggleFacet(filter, key, entry[key])))}
          />
        ))}
      </dl>
    </div>
  );
}

const facetFields: readonly { key: FacetKey; name: string }[] = [
  { key: 'container', name: 'container' },
  { key: 'service', name: 'service' },
  { key: 'image', name: 'image' },
  { key: 'host', name: 'host' },
  { key: 'stream', name: 'stream' },
];

function Field({
  name,
  value,
  onToggle,
}: {
  name: string;
  value: string;
  onToggle?: (() => void) | undefined;
}): ReactNode {
  if (value === '') return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd className="mono truncate" title={value}>
        {value}
      </dd>
      {onToggle !== undefined && (
        <button
          type="button"
          className="icon-button"
          onClick={onToggle}
          title={`Only this ${name}`}
          aria-label={`Only ${name} ${value}`}
        >
          <Icon name="filter" size={12} />
        </button>
      )}
    </div>
  );
}

function linkTo(entry: LogEntry): string {
  const link = new URL(location.href);
  link.pathname = link.pathname.replace(/[^/]*$/, 'logs');
  link.search = '';
  const range = rangeParams({
    kind: 'absolute',
    from: entry.time - aroundMs,
    to: entry.time + aroundMs,
  });
  for (const [key, value] of Object.entries({ ...range, line: entry.id })) {
    if (typeof value === 'string') link.searchParams.set(key, value);
  }
  return link.href;
}
