import { useEffect, useMemo, useRef, useState, type CSSProperties, type ReactNode } from 'react';
import { infiniteQueryOptions, keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { ContainerList, ContainerSort, ContainerSummary } from '@plimsoll/model/api';
import { apiGet } from '../api/client.ts';
import { refreshMs } from '../api/fleet-queries.ts';
import { quantityText } from '../format/quantity.ts';
import { useCommand } from '../shell/command-bus.ts';
import { usePageTitle } from '../shell/page-title.ts';
import { rangeOnly, toChoice, toList, toText, type SearchParams } from '../url/search-params.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { downloadText } from '../ui/download.ts';
import { Icon } from '../ui/icon.tsx';
import { EmptyState, ErrorState } from '../ui/notices.tsx';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { csvOf } from '../sql/csv.ts';
import type { ContainerColumn } from './container-columns.tsx';
import { useNavigate } from '@tanstack/react-router';
import { ColumnMenu, useChosenColumns } from './column-menu.tsx';
import './container-list.css';

const pageSize = 200;
const rowHeight = 44;
const filterKeys = ['service', 'image', 'host', 'state'] as const;
const sorts = [
  'worst',
  'memory',
  'cpu',
  'throttled',
  'pids',
  'file_descriptors',
  'restarts',
  'name',
] as const satisfies readonly ContainerSort[];

function listQuery(params: SearchParams) {
  const asked = {
    q: toText(params['q']),
    host: toList(params['host']),
    image: toList(params['image']),
    service: toList(params['service']),
    state: toList(params['state']),
    sort: toChoice(params['sort'], sorts),
    order: toChoice(params['order'], ['desc', 'asc']),
    limit: pageSize,
  };
  return infiniteQueryOptions({
    queryKey: ['containers', JSON.stringify(asked)],
    queryFn: ({ signal, pageParam }) =>
      apiGet<ContainerList>(
        'containers',
        { ...asked, cursor: pageParam === '' ? undefined : pageParam },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    refetchInterval: refreshMs,
    placeholderData: keepPreviousData,
  });
}

export function ContainerListView(): ReactNode {
  usePageTitle('Containers');
  const [params, update] = useSearchState();
  const list = useInfiniteQuery(listQuery(params));
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const total = list.data?.pages[0]?.total ?? 0;
  const [columns, hidden, setHidden] = useChosenColumns();
  return (
    <div className="containers-view">
      <div className="containers-bar">
        <NameFilter
          value={toText(params['q'])}
          onChange={(q) => update({ q: q === '' ? undefined : q })}
        />
        {filterKeys.flatMap((key) =>
          toList(params[key]).map((value) => (
            <span className="chip" key={`${key} ${value}`}>
              <span className="chip-key">{key}</span>
              <b className="truncate">{value}</b>
              <button
                type="button"
                aria-label={`Remove ${key} ${value}`}
                onClick={() => {
                  const rest = toList(params[key]).filter((item) => item !== value);
                  update({ [key]: rest.length === 0 ? undefined : rest });
                }}
              >
                <Icon name="close" size={11} />
              </button>
            </span>
          )),
        )}
        <span className="muted containers-total" role="status">
          {list.data === undefined
            ? ''
            : `${quantityText(total, 'count')} ${total === 1 ? 'container' : 'containers'}`}
          {list.isError && list.data !== undefined && (
            <span className="stale-mark"> · not refreshed</span>
          )}
        </span>
        <ColumnMenu hidden={hidden} onChange={setHidden} />
        <button
          type="button"
          className="button button-small"
          disabled={rows.length === 0}
          onClick={() => downloadText('containers.csv', 'text/csv', containersCsv(rows))}
        >
          <Icon name="down" size={13} /> CSV
        </button>
      </div>
      <section className="panel panel-flush containers-panel" aria-label="Containers">
        {list.isPending ? (
          <SkeletonRows rows={14} height={rowHeight} />
        ) : list.isError && rows.length === 0 ? (
          <ErrorState
            what="The containers"
            error={list.error}
            onRetry={() => void list.refetch()}
          />
        ) : rows.length === 0 ? (
          <NoMatch
            onClear={() =>
              update({
                q: undefined,
                service: undefined,
                image: undefined,
                host: undefined,
                state: undefined,
              })
            }
          />
        ) : (
          <ContainerTable
            rows={rows}
            columns={columns}
            hasMore={list.hasNextPage}
            loadMore={() => void (list.isFetchingNextPage || list.fetchNextPage())}
          />
        )}
      </section>
    </div>
  );
}

function NameFilter({
  value,
  onChange,
}: {
  value: string;
  onChange: (value: string) => void;
}): ReactNode {
  return (
    <div className="filter-field containers-find">
      <Icon name="find" size={15} />
      <input
        value={value}
        placeholder="Name, image or host"
        aria-label="Filter the containers"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}

function NoMatch({ onClear }: { onClear: () => void }): ReactNode {
  return (
    <EmptyState
      title="No container matches"
      action={
        <button type="button" className="button" onClick={onClear}>
          Show all
        </button>
      }
    >
      Running and recently ended containers were looked through.
    </EmptyState>
  );
}

interface ContainerTableProps {
  rows: ContainerSummary[];
  columns: readonly ContainerColumn[];
  hasMore: boolean;
  loadMore: () => void;
}

function ContainerTable({ rows, columns, hasMore, loadMore }: ContainerTableProps): ReactNode {
  const scroller = useRef<HTMLDivElement>(null);
  const [selected, setSelected] = useState<number | null>(null);
  const navigate = useNavigate();
  const [params] = useSearchState();
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last > rows.length - 40) loadMore();
  });
  const open = (row: ContainerSummary | undefined): void => {
    if (row !== undefined)
      void navigate({ to: '/container', search: { ...rangeOnly(params), id: row.id } });
  };
  const move = (step: number): void => {
    const next = Math.min(Math.max((selected ?? -1) + step, 0), rows.length - 1);
    setSelected(next);
    virtualizer.scrollToIndex(next);
  };
  useCommand('next', () => move(1));
  useCommand('previous', () => move(-1));
  useCommand('open', () => selected !== null && open(rows[selected]));
  return (
    <div
      className="container-table"
      ref={scroller}
      role="grid"
      aria-rowcount={rows.length}
      style={{ '--columns': columns.map((column) => column.width).join(' ') } as CSSProperties}
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.key === 'ArrowDown') move(1);
        else if (event.key === 'ArrowUp') move(-1);
        else if (event.key === 'Enter' && selected !== null) open(rows[selected]);
        else return;
        event.preventDefault();
      }}
    >
      <HeadRow columns={columns} />
      <div style={{ height: virtualizer.getTotalSize(), position: 'relative' }} role="rowgroup">
        {items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <div
              key={row.id}
              role="row"
              aria-selected={item.index === selected}
              className="container-row"
              style={{ transform: `translateY(${item.start}px)` }}
              onClick={() => open(row)}
            >
              {columns.map((column) => (
                <div
                  key={column.key}
                  role="gridcell"
                  className={`column-${column.key} ${column.numeric ? 'num' : ''}`}
                >
                  {column.cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function HeadRow({ columns }: { columns: readonly ContainerColumn[] }): ReactNode {
  const [params, update] = useSearchState();
  const sort = toChoice(params['sort'], sorts);
  const order = toChoice(params['order'], ['desc', 'asc']);
  const choose = (column: ContainerColumn): void => {
    if (column.sort === undefined) return;
    const first = column.sort === 'name' ? 'asc' : 'desc';
    const next = column.sort === sort ? (order === 'asc' ? 'desc' : 'asc') : first;
    update({
      sort: column.sort === 'worst' ? undefined : column.sort,
      order: next === 'desc' ? undefined : next,
    });
  };
  return (
    <div className="container-row container-row-head" role="row">
      {columns.map((column) => (
        <div
          key={column.key}
          role="columnheader"
          className={`column-${column.key} ${column.numeric ? 'num' : ''}`}
          aria-sort={
            column.sort === sort ? (order === 'asc' ? 'ascending' : 'descending') : undefined
          }
        >
          {column.sort === undefined ? (
            column.title
          ) : (
            <button type="button" onClick={() => choose(column)}>
              {column.title}
              {column.sort === sort && (
                <span aria-hidden="true"> {order === 'asc' ? '↑' : '↓'}</span>
              )}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}

function containersCsv(rows: readonly ContainerSummary[]): string {
  const names = Object.keys(rows[0] ?? {});
  return csvOf(
    names,
    rows.map((row) => names.map((name) => row[name as keyof ContainerSummary])),
  );
}
