import { useMemo, useState, type ReactNode } from 'react';
import { Menu } from '@mantine/core';
import { Icon } from '../ui/icon.tsx';
import { containerColumns, type ContainerColumn } from './container-columns.tsx';

const storageKey = 'plimsoll.containers.hidden-columns';
/** Without these a row could not be told from another. */
const always: ReadonlySet<string> = new Set(['tank', 'name']);

type Hidden = ReadonlySet<string>;

/** The columns to show, and the choice of them, kept in this browser. */
export function useChosenColumns(): [readonly ContainerColumn[], Hidden, (hidden: Hidden) => void] {
  const [hidden, setHidden] = useState<Hidden>(readHidden);
  const columns = useMemo(
    () => containerColumns.filter((column) => !hidden.has(column.key)),
    [hidden],
  );
  const choose = (next: Hidden): void => {
    setHidden(next);
    try {
      localStorage.setItem(storageKey, [...next].join(','));
    } catch {
      // Storage is switched off: the choice holds until the page is left.
    }
  };
  return [columns, hidden, choose];
}

function readHidden(): Hidden {
  try {
    return new Set(
      (localStorage.getItem(storageKey) ?? '')
        .split(',')
        .filter((key) => key !== '' && !always.has(key)),
    );
  } catch {
    return new Set();
  }
}

export function ColumnMenu({
  hidden,
  onChange,
}: {
  hidden: Hidden;
  onChange: (hidden: Hidden) => void;
}): ReactNode {
  const toggle = (key: string): void => {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    onChange(next);
  };
  return (
    <Menu position="bottom-end" closeOnItemClick={false} transitionProps={{ duration: 60 }}>
      <Menu.Target>
        <button type="button" className="button button-small wide-only">
          Columns <Icon name="chevron" size={12} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {containerColumns
          .filter((column) => !always.has(column.key))
          .map((column) => (
            <Menu.Item
              key={column.key}
              role="menuitemcheckbox"
              aria-checked={!hidden.has(column.key)}
              leftSection={
                <span className="menu-check" data-checked={!hidden.has(column.key) || undefined} />
              }
              onClick={() => toggle(column.key)}
            >
              {column.title}
            </Menu.Item>
          ))}
      </Menu.Dropdown>
    </Menu>
  );
}
