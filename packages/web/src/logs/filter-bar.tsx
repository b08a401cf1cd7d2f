import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { Severity } from '@plimsoll/model';
import { Icon } from '../ui/icon.tsx';
import {
  emptyFilter,
  facetKeys,
  isEmptyFilter,
  toggleFacet,
  toggleSeverity,
  type LogFilter,
} from './log-filter.ts';
import { severityLook } from './severity.ts';

interface FilterBarProps {
  filter: LogFilter;
  onChange: (filter: LogFilter) => void;
  children?: ReactNode;
}

/** Typing searches after a rest, Enter at once. */
const restMs = 350;

export function FilterBar({ filter, onChange, children }: FilterBarProps): ReactNode {
  const [text, setText] = useState(filter.text);
  const sent = useRef(filter.text);
  useEffect(() => {
    // The address changed by something else than this field (back, a link, a chip).
    if (filter.text !== sent.current) {
      sent.current = filter.text;
      setText(filter.text);
    }
  }, [filter.text]);
  const send = (next: string): void => {
    sent.current = next;
    onChange({ ...filter, text: next });
  };
  const problem = filter.isRegex ? regexProblem(text) : null;
  useEffect(() => {
    if (text === sent.current || problem !== null) return undefined;
    const timer = setTimeout(() => send(text), restMs);
    return () => clearTimeout(timer);
  });
  return (
    <div className="filter-bar">
      <div className="filter-field" data-problem={problem !== null || undefined}>
        <Icon name="find" size={15} />
        <input
          className={filter.isRegex ? 'mono' : undefined}
          value={text}
          spellCheck={false}
          placeholder={
            filter.isRegex
              ? 'Regular expression (RE2), such as time(d )?out'
              : 'Words, "a phrase", -without'
          }
          aria-label="Search in the lines"
          aria-invalid={problem !== null}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && problem === null) send(text);
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
        {text !== '' && (
          <button
            type="button"
            className="icon-button"
            aria-label="Clear the text"
            onClick={() => {
              setText('');
              send('');
            }}
          >
            <Icon name="close" size={13} />
          </button>
        )}
        <button
          type="button"
          className="button button-small mono"
          aria-pressed={filter.isRegex}
          title="Regular expression"
          onClick={() => onChange({ ...filter, isRegex: !filter.isRegex })}
        >
          .*
        </button>
      </div>
      {children}
      {problem !== null && (
        <p className="filter-problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

export function FilterChips({
  filter,
  onChange,
}: {
  filter: LogFilter;
  onChange: (filter: LogFilter) => void;
}): ReactNode {
  const chips = facetKeys.flatMap((key) => filter[key].map((value) => ({ key, value })));
  if (isEmptyFilter({ ...filter, text: '' })) return null;
  return (
    <div className="filter-chips">
      {filter.severity.map((severity: Severity) => (
        <Chip
          key={`severity ${severity}`}
          name="severity"
          value={severityLook(severity).title}
          onRemove={() => onChange(toggleSeverity(filter, severity))}
        />
      ))}
      {chips.map(({ key, value }) => (
        <Chip
          key={`${key} ${value}`}
          name={key === 'container_id' ? 'container id' : key}
          value={key === 'container_id' ? value.slice(0, 12) : value}
          onRemove={() => onChange(toggleFacet(filter, key, value))}
        />
      ))}
      <button
        type="button"
        className="text-link"
        onClick={() => onChange({ ...emptyFilter, text: filter.text, isRegex: filter.isRegex })}
      >
        remove all
      </button>
    </div>
  );
}

function Chip({
  name,
  value,
  onRemove,
}: {
  name: string;
  value: string;
  onRemove: () => void;
}): ReactNode {
  return (
    <span className="chip">
      <span className="chip-key">{name}</span>
      <b className="truncate" title={value}>
        {value}
      </b>
      <button type="button" onClick={onRemove} aria-label={`Remove ${name} ${value}`}>
        <Icon name="close" size={11} />
      </button>
    </span>
  );
}

/** The server has the last word (RE2); this only spares a request for what cannot be right. */
function regexProblem(text: string): string | null {
  try {
    void new RegExp(text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : 'not a regular expression';
  }
}
