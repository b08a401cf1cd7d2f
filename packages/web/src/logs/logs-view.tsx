import { useMemo, useState, type ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { quantityText } from '../format/quantity.ts';
import { usePageTitle } from '../shell/page-title.ts';
import { toText } from '../url/search-params.ts';
import { useRange } from '../url/use-range.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { ErrorState } from '../ui/notices.tsx';
import { Icon } from '../ui/icon.tsx';
import { FacetPanel } from './facet-panel.tsx';
import { FilterBar, FilterChips } from './filter-bar.tsx';
import { LogContextDialog } from './log-context.tsx';
import { filterParams, parseFilter, type LogFilter } from './log-filter.ts';
import { LogHistogram } from './log-histogram.tsx';
import { histogramQuery } from './log-queries.ts';
import { LogStream } from './log-stream.tsx';

export function LogsView(): ReactNode {
  usePageTitle('Logs');
  const [params, update] = useSearchState();
  const range = useRange();
  const filter = useMemo(() => parseFilter(params), [params]);
  const [facetsOpen, setFacetsOpen] = useState(false);
  const wrap = toText(params['wrap']) === '1';
  const setFilter = (next: LogFilter): void => update(filterParams(next));
  return (
    <div className="logs-view" data-facets={facetsOpen || undefined}>
      <FilterBar filter={filter} onChange={setFilter}>
        <button
          type="button"
          className="button facets-toggle"
          aria-pressed={facetsOpen}
          onClick={() => setFacetsOpen(!facetsOpen)}
        >
          <Icon name="filter" size={14} /> Filter
        </button>
        <button
          type="button"
          className="button"
          aria-pressed={wrap}
          title="Wrap long lines"
          onClick={() => update({ wrap: wrap ? undefined : '1' })}
        >
          <Icon name="wrap" size={14} /> <span className="wide-only">Wrap</span>
        </button>
      </FilterBar>
      <FilterChips filter={filter} onChange={setFilter} />
      <div className="logs-body">
        <aside className="panel logs-facets" aria-label="Filter by value">
          <FacetPanel filter={filter} range={range} onChange={setFilter} />
        </aside>
        <section className="panel panel-flush logs-panel" aria-label="Lines">
          <div className="logs-histogram">
            <HistogramHead filter={filter} range={range} />
          </div>
          <LogStream
            filter={filter}
            range={range}
            wrap={wrap}
            showContainer
            onFilter={setFilter}
            onContext={(id) => update({ line: id }, { push: true })}
          />
        </section>
      </div>
      <LogContextDialog id={toText(params['line'])} onClose={() => update({ line: undefined })} />
    </div>
  );
}

function HistogramHead({
  filter,
  range,
}: {
  filter: LogFilter;
  range: ReturnType<typeof useRange>;
}): ReactNode {
  const { data, error, isError, refetch } = useQuery(histogramQuery(filter, range, 120));
  if (isError && data === undefined)
    return <ErrorState what="The histogram" error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <div className="logs-total" role="status">
        {data === undefined ? '\u00a0' : <b>{quantityText(data.total, 'count')}</b>}
        {data !== undefined && (
          <span className="muted">
            {' '}
            lines{isError && ', not refreshed'} · newest first · drag to zoom
          </span>
        )}
      </div>
      <LogHistogram data={data} height={72} onZoom={range.zoom} />
    </>
  );
}
