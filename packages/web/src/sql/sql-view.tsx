import { useEffect, useState, type ReactNode } from 'react';
import { Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { SqlResult, SqlSchema } from '@plimsoll/model/api';
import { ApiFailure, apiGet } from '../api/client.ts';
import { formatDuration, quantityText } from '../format/quantity.ts';
import { usePageTitle } from '../shell/page-title.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { downloadText } from '../ui/download.ts';
import { Icon } from '../ui/icon.tsx';
import { EmptyState, ErrorState, errorText } from '../ui/notices.tsx';
import { Segmented } from '../ui/segmented.tsx';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { useNow } from '../ui/use-now.ts';
import { toChoice, toText } from '../url/search-params.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { cellText, csvOf } from './csv.ts';
import { SqlEditor } from './editor.tsx';
import { exampleQueries } from './example-queries.ts';
import { addToHistory, readHistory, writeHistory } from './query-history.ts';
import { QuickChart } from './quick-chart.tsx';
import { ResultGrid } from './result-grid.tsx';
import { SchemaBrowser } from './schema-browser.tsx';
import { useSqlRun, type SqlRun } from './use-sql-run.ts';
import './sql.css';

const firstQuery = exampleQueries[0]?.query ?? '';

export function SqlView(): ReactNode {
  usePageTitle('SQL');
  const [params, update] = useSearchState();
  const [text, setText] = useState(
    () => toText(params['sql']) || readHistory(localStorage)[0] || firstQuery,
  );
  const [history, setHistory] = useState(() => readHistory(localStorage));
  const { run, start, cancel } = useSqlRun();
  const schema = useQuery({
    queryKey: ['sql', 'schema'],
    queryFn: ({ signal }) => apiGet<SqlSchema>('sql/schema', {}, signal),
    staleTime: 60_000,
  });
  const execute = (): void => {
    if (text.trim() === '') return;
    const next = addToHistory(history, text);
    setHistory(next);
    writeHistory(localStorage, next);
    update({ sql: text });
    start(text);
  };
  const [linked] = useState(() => toText(params['sql']));
  useEffect(() => {
    // A link to a query shows its result; nothing runs by itself without one.
    if (linked !== '') start(linked);
  }, [linked, start]);
  const errorAt =
    run.state === 'failed' && run.error instanceof ApiFailure && run.query === text
      ? (run.error.position ?? null)
      : null;
  return (
    <div className="sql-view">
      <aside className="panel sql-schema" aria-label="Tables">
        {schema.data !== undefined ? (
          <SchemaBrowser
            schema={schema.data}
            onInsert={(name) => setText(text === '' ? name : `${text} ${name}`)}
          />
        ) : schema.isError ? (
          <ErrorState
            what="The tables"
            error={schema.error}
            onRetry={() => void schema.refetch()}
          />
        ) : (
          <SkeletonRows rows={10} height={24} />
        )}
      </aside>
      <section className="panel panel-flush sql-query" aria-label="Query">
        <SqlEditor
          value={text}
          onChange={setText}
          onRun={execute}
          schema={schema.data}
          errorAt={errorAt}
        />
        <div className="sql-bar">
          {run.state === 'running' ? (
            <button type="button" className="button" onClick={cancel}>
              <Icon name="close" size={13} /> Cancel <RunningFor since={run.startedAt} />
            </button>
          ) : (
            <button
              type="button"
              className="button button-primary"
              onClick={execute}
              disabled={text.trim() === ''}
            >
              <Icon name="play" size={12} /> Run
            </button>
          )}
          <span className="muted sql-keys">
            <kbd>Ctrl Enter</kbd>
          </span>
          <QueryMenu title="Examples" items={exampleQueries} onChoose={setText} />
          <QueryMenu
            title="History"
            items={history.map((query) => ({
              title: query.replaceAll(/\s+/g, ' ').slice(0, 90),
              query,
            }))}
            onChoose={setText}
          />
          <span className="muted sql-note">read only</span>
        </div>
      </section>
      <section className="panel panel-flush sql-result" aria-label="Result">
        <Result run={run} />
      </section>
    </div>
  );
}

function RunningFor({ since }: { since: number }): ReactNode {
  const now = useNow();
  return (
    <span className="muted">{formatDuration(Math.max(0, Math.floor((now - since) / 1000)))}</span>
  );
}

function QueryMenu(props: {
  title: string;
  items: readonly { title: string; query: string }[];
  onChoose: (query: string) => void;
}): ReactNode {
  return (
    <Menu position="bottom-start" transitionProps={{ duration: 60 }} width={420}>
      <Menu.Target>
        <button type="button" className="button button-quiet" disabled={props.items.length === 0}>
          {props.title} <Icon name="chevron" size={12} />
        </button>
      </Menu.Target>
      <Menu.Dropdown className="sql-menu">
        {props.items.map((item) => (
          <Menu.Item key={item.query} onClick={() => props.onChoose(item.query)}>
            {item.title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Result({ run }: { run: SqlRun }): ReactNode {
  switch (run.state) {
    case 'idle':
      return (
        <EmptyState title="Ask anything of logs, samples and events">
          Plain ClickHouse SQL over the same tables that this page reads. Begin with an example,
          complete names with Ctrl Space.
        </EmptyState>
      );
    case 'running':
      return run.previous === null ? (
        <SkeletonRows rows={12} height={27} />
      ) : (
        <div className="sql-stale">{<ResultBody result={run.previous} />}</div>
      );
    case 'cancelled':
      return <EmptyState title="Cancelled">The server has stopped the query too.</EmptyState>;
    case 'failed':
      return <Failure error={run.error} query={run.query} />;
    case 'done':
      break;
  }
  return <ResultBody result={run.result} />;
}

function Failure({ error, query }: { error: unknown; query: string }): ReactNode {
  const position = error instanceof ApiFailure ? error.position : undefined;
  const before = position === undefined ? '' : query.slice(0, position);
  return (
    <div className="sql-failure" role="alert">
      <p className="notice-title state-text-over">
        The query failed
        {position !== undefined &&
          ` at line ${before.split('\n').length}, column ${before.length - before.lastIndexOf('\n')}`}
      </p>
      <pre className="mono">{errorText(error)}</pre>
    </div>
  );
}

function ResultBody({ result }: { result: SqlResult }): ReactNode {
  const [params, update] = useSearchState();
  const shape = toChoice(params['as'], ['table', 'chart']);
  const names = result.columns.map((column) => column.name);
  return (
    <>
      <div className="sql-result-head">
        <b>{quantityText(result.rows.length, 'count')}</b>{' '}
        <span className="muted">{result.rows.length === 1 ? 'row' : 'rows'}</span>
        <span className="muted">
          {formatDuration(result.elapsed_ms / 1000)} · read{' '}
          {quantityText(result.read_rows, 'count')} rows, {quantityText(result.read_bytes, 'bytes')}
        </span>
        {result.truncated && (
          <span className="state-text-near">
            cut at the limit of {result.limit ?? 'the server'}: add a LIMIT or group more
          </span>
        )}
        <div className="panel-actions">
          <Segmented
            label="Shown as"
            value={shape}
            options={[
              { value: 'table', label: 'Table' },
              { value: 'chart', label: 'Chart' },
            ]}
            onChange={(as) => update({ as: as === 'table' ? undefined : as })}
          />
          <CopyButton
            label="Copy all as tab-separated text"
            caption="Copy"
            text={() =>
              [names, ...result.rows].map((row) => row.map(cellText).join('\t')).join('\n')
            }
          />
          <button
            type="button"
            className="button button-small"
            onClick={() => downloadText('plimsoll.csv', 'text/csv', csvOf(names, result.rows))}
          >
            <Icon name="down" size={13} /> CSV
          </button>
        </div>
      </div>
      {result.rows.length === 0 ? (
        <EmptyState title="No rows">The query ran, and nothing matched it.</EmptyState>
      ) : shape === 'chart' ? (
        <QuickChart result={result} />
      ) : (
        <ResultGrid result={result} />
      )}
    </>
  );
}
