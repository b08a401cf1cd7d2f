import type { ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { quantityText } from '../format/quantity.ts';
import { histogramQuery, logPageQuery } from '../logs/log-queries.ts';
import { LogHistogram } from '../logs/log-histogram.tsx';
import { LogLine } from '../logs/log-line.tsx';
import { emptyFilter, type LogFilter } from '../logs/log-filter.ts';
import { rangeOnly, toChoice } from '../url/search-params.ts';
import { useRange } from '../url/use-range.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { EmptyState, ErrorState } from '../ui/notices.tsx';
import { Panel } from '../ui/panel.tsx';
import { Segmented } from '../ui/segmented.tsx';
import { SkeletonRows } from '../ui/skeleton.tsx';

const shownLines = 14;
const choices = ['problems', 'all'] as const;

/** The newest lines, so that "why?" often needs no further step. */
export function RecentLogs(): ReactNode {
  const range = useRange();
  const [params, update] = useSearchState();
  const choice = toChoice(params['lines'], choices);
  const filter: LogFilter =
    choice === 'problems' ? { ...emptyFilter, severity: ['warn', 'error', 'fatal'] } : emptyFilter;
  const histogram = useQuery(histogramQuery(emptyFilter, range, 120));
  const lines = useQuery(logPageQuery(filter, range, shownLines));
  const counts = histogram.data?.counts;
  const problems = sum(counts?.warn) + sum(counts?.error) + sum(counts?.fatal);
  return (
    <Panel
      className="fleet-logs"
      label="Logs"
      title="Logs"
      hint={
        histogram.data !== undefined &&
        `${quantityText(problems, 'count')} errors and warnings of ${quantityText(histogram.data.total, 'count')} lines`
      }
      stale={(histogram.isError || lines.isError) && lines.data !== undefined}
      actions={
        <>
          <Segmented
            label="Lines shown"
            value={choice}
            options={[
              { value: 'problems', label: 'Errors and warnings' },
              { value: 'all', label: 'All' },
            ]}
            onChange={(next) => update({ lines: next === 'problems' ? undefined : next })}
          />
          <Link
            to="/logs"
            search={{ ...rangeOnly(params), severity: [...filter.severity] }}
            className="button button-small"
          >
            Open
          </Link>
        </>
      }
    >
      <LogHistogram data={histogram.data} height={64} onZoom={range.zoom} />
      {lines.data !== undefined ? (
        lines.data.items.length === 0 ? (
          <EmptyState title={choice === 'problems' ? 'No errors, no warnings' : 'No lines'}>
            {choice === 'problems'
              ? 'No line of this time range says that it is one.'
              : 'In this time range nothing was written.'}
          </EmptyState>
        ) : (
          <div className="recent-lines">
            {lines.data.items.map((entry) => (
              <Link
                key={entry.id}
                to="/logs"
                search={{ ...rangeOnly(params), line: entry.id }}
                className="recent-line"
              >
                <LogLine entry={entry} showContainer />
              </Link>
            ))}
          </div>
        )
      ) : lines.isError ? (
        <ErrorState what="The log lines" error={lines.error} onRetry={() => void lines.refetch()} />
      ) : (
        <SkeletonRows rows={8} height={22} />
      )}
    </Panel>
  );
}

function sum(counts: readonly number[] | undefined): number {
  return (counts ?? []).reduce((total, count) => total + count, 0);
}
