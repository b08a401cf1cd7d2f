import { useDeferredValue, useMemo, useRef, useState, type ReactNode } from 'react';
import { Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { hostsQuery, tanksQuery } from '../api/fleet-queries.ts';
import { rangeOnly } from '../url/search-params.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { buildFindIndex, findEntries, type FindEntry } from './find-index.ts';
import { views } from './views.ts';

const kindIcons: Record<FindEntry['kind'], IconName> = {
  container: 'containers',
  service: 'fleet',
  image: 'image',
  host: 'hosts',
  view: 'right',
  logs: 'logs',
};

const viewEntries: FindEntry[] = views.map((view) => ({
  kind: 'view',
  title: view.title,
  detail: '',
  state: null,
  to: view.path,
  search: {},
}));

export function FindBox({ opened, onClose }: { opened: boolean; onClose: () => void }): ReactNode {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={600}
      yOffset="10vh"
      transitionProps={{ duration: 60 }}
      aria-label="Find"
    >
      <FindDialog onClose={onClose} />
    </Modal>
  );
}

function FindDialog({ onClose }: { onClose: () => void }): ReactNode {
  const [text, setText] = useState('');
  const [selected, setSelected] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const entries = useFound(useDeferredValue(text));
  const open = useOpenEntry(onClose);
  const move = (step: number): void => {
    const next = Math.min(Math.max(selected + step, 0), entries.length - 1);
    setSelected(next);
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <div className="find">
      <div className="find-input">
        <Icon name="find" />
        <input
          value={text}
          placeholder="Find a container, image, host, log line…"
          aria-label="Find"
          role="combobox"
          aria-expanded="true"
          aria-controls="find-results"
          aria-activedescendant={`find-${selected}`}
          spellCheck={false}
          autoComplete="off"
          data-autofocus
          onChange={(event) => {
            setText(event.target.value);
            setSelected(0);
          }}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown') move(1);
            else if (event.key === 'ArrowUp') move(-1);
            else if (event.key === 'Enter' && entries[selected] !== undefined)
              open(entries[selected]);
            else return;
            event.preventDefault();
          }}
        />
        <kbd>Esc</kbd>
      </div>
      <ul className="find-results" id="find-results" role="listbox" aria-label="Found" ref={list}>
        {entries.map((entry, index) => (
          <li
            key={`${entry.kind} ${entry.title} ${index}`}
            id={`find-${index}`}
            role="option"
            aria-selected={index === selected}
            onMouseMove={() => setSelected(index)}
            onClick={() => open(entry)}
          >
            <Icon name={kindIcons[entry.kind]} size={14} />
            <span className="truncate">{entry.title}</span>
            {entry.state !== null && entry.state !== 'within' && (
              <span className={`find-state state-text-${entry.state}`}>{entry.state}</span>
            )}
            <span className="find-detail truncate">{entry.detail}</span>
            <span className="find-kind">{entry.kind === 'logs' ? '' : entry.kind}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function useFound(text: string): FindEntry[] {
  const { data: tanks } = useQuery(tanksQuery);
  const { data: hosts } = useQuery(hostsQuery);
  const index = useMemo(
    () => [...viewEntries, ...buildFindIndex(tanks?.tanks ?? [], hosts ?? [])],
    [tanks, hosts],
  );
  return useMemo(() => {
    if (text.trim() === '') return viewEntries;
    const logs: FindEntry = {
      kind: 'logs',
      title: `Search logs for “${text.trim()}”`,
      detail: '',
      state: null,
      to: '/logs',
      search: { q: text.trim() },
    };
    return [...findEntries(index, text), logs];
  }, [index, text]);
}

function useOpenEntry(onClose: () => void): (entry: FindEntry) => void {
  const navigate = useNavigate();
  const [params] = useSearchState();
  return (entry) => {
    onClose();
    void navigate({ to: entry.to, search: { ...rangeOnly(params), ...entry.search } });
  };
}
