import { useState, type ReactNode } from 'react';
import type { SqlSchema } from '@plimsoll/model/api';
import { quantityText } from '../format/quantity.ts';
import { Icon } from '../ui/icon.tsx';

export function SchemaBrowser({
  schema,
  onInsert,
}: {
  schema: SqlSchema;
  onInsert: (text: string) => void;
}): ReactNode {
  const [text, setText] = useState('');
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set(['logs']));
  const needle = text.trim().toLowerCase();
  const tables = schema.tables
    .map((table) => ({
      ...table,
      shown: table.columns.filter((column) => column.name.toLowerCase().includes(needle)),
    }))
    .filter((table) => needle === '' || table.name.includes(needle) || table.shown.length > 0);
  const toggle = (name: string): void => {
    const next = new Set(open);
    if (!next.delete(name)) next.add(name);
    setOpen(next);
  };
  return (
    <div className="schema">
      <input
        className="field field-small"
        placeholder="Filter tables and columns"
        aria-label="Filter tables and columns"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <ul>
        {tables.map((table) => (
          <li key={table.name}>
            <button
              type="button"
              className="schema-table"
              aria-expanded={open.has(table.name) || needle !== ''}
              title={table.comment}
              onClick={() => toggle(table.name)}
            >
              <Icon name="right" size={12} />
              <b className="truncate">{table.name}</b>
              <span className="muted num" title={quantityText(table.bytes, 'bytes')}>
                {quantityText(table.rows, 'count')}
              </span>
            </button>
            {(open.has(table.name) || needle !== '') && (
              <ul className="schema-columns">
                {(needle === '' || table.shown.length === 0 ? table.columns : table.shown).map(
                  (column) => (
                    <li key={column.name}>
                      <button
                        type="button"
                        title={`${column.type}${column.comment === '' ? '' : `: ${column.comment}`}`}
                        onClick={() => onInsert(column.name)}
                      >
                        <span className="mono truncate">{column.name}</span>
                        <span className="muted truncate">
                          {column.type.replaceAll(/LowCardinality\((.*)\)/g, '$1')}
                        </span>
                      </button>
                    </li>
                  ),
                )}
              </ul>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
