import { useMemo, useRef, useState, type ReactNode } from 'react';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { SqlResult } from '@plimsoll/model/api';
import { cellText } from './csv.ts';
import { isNumberColumn, sortedRows, type ResultOrder } from './result-model.ts';

const rowHeight = 27;
const sampleRows = 60;
const minColumnChars = 6;
const maxColumnChars = 60;

/** Thousands of rows; a press on a head sorts, a press on a cell shows all of it below. */
export function ResultGrid({ result }: { result: SqlResult }): ReactNode {
  const scroller = useRef<HTMLDivElement>(null);
  const [order, setOrder] = useState<ResultOrder | null>(null);
  const [cell, setCell] = useState<{ row: number; column: number } | null>(null);
  const rows = useMemo(() => sortedRows(result, order), [result, order]);
  const template = useMemo(() => `56px ${widthsOf(result).join(' ')} 1fr`, [result]);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 20,
  });
  const turn = (column: number): void => {
    if (order?.column !== column) setOrder({ column, descending: false });
    else setOrder(order.descending ? null : { column, descending: true });
  };
  const chosen = cell === null ? undefined : result.rows[cell.row]?.[cell.column];
  return (
    <>
      <div
        className="result-grid mono"
        ref={scroller}
        role="grid"
        aria-rowcount={rows.length}
        tabIndex={0}
      >
        <div
          className="result-row result-head"
          role="row"
          style={{ gridTemplateColumns: template }}
        >
          <div className="result-number" />
          {result.columns.map((column, index) => (
            <div
              key={`${column.name} ${index}`}
              role="columnheader"
              title={column.type}
              className={isNumberColumn(column) ? 'num' : undefined}
              aria-sort={
                order?.column === index
                  ? order.descending
                    ? 'descending'
                    : 'ascending'
                  : undefined
              }
            >
              <button type="button" onClick={() => turn(index)}>
                {column.name}
                {order?.column === index && (
                  <span aria-hidden="true"> {order.descending ? '↓' : '↑'}</span>
                )}
              </button>
            </div>
          ))}
        </div>
        <div style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
          {virtualizer.getVirtualItems().map((item) => {
            const row = rows[item.index] ?? 0;
            return (
              <div
                key={item.key}
                role="row"
                className="result-row"
                style={{ transform: `translateY(${item.start}px)`, gridTemplateColumns: template }}
              >
                <div className="result-number">{item.index + 1}</div>
                {result.columns.map((column, index) => (
                  <div
                    key={`${column.name} ${index}`}
                    role="gridcell"
                    className={isNumberColumn(column) ? 'num truncate' : 'truncate'}
                    aria-selected={cell?.row === row && cell.column === index}
                    onClick={() => setCell({ row, column: index })}
                  >
                    {result.rows[row]?.[index] === null ? (
                      <span className="muted">null</span>
                    ) : (
                      cellText(result.rows[row]?.[index])
                    )}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      {cell !== null && chosen !== undefined && (
        <div className="result-cell">
          <b>{result.columns[cell.column]?.name}</b>{' '}
          <span className="muted">{result.columns[cell.column]?.type}</span>
          <pre className="mono">{cellText(chosen)}</pre>
        </div>
      )}
    </>
  );
}

/** As wide as the longest of the first rows, within bounds; in `ch`, because the font is fixed. */
function widthsOf(result: SqlResult): string[] {
  return result.columns.map((column, index) => {
    const longest = result.rows
      .slice(0, sampleRows)
      .reduce((most, row) => Math.max(most, cellText(row[index]).length), column.name.length + 2);
    return `calc(${Math.min(Math.max(longest, minColumnChars), maxColumnChars)}ch + 22px)`;
  });
}
