import { useMemo, useState, type ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { quantityText } from '../format/quantity.ts';
import { Panel } from '../ui/panel.tsx';
import { Segmented } from '../ui/segmented.tsx';
import { rangeOnly } from '../url/search-params.ts';
import { useRange } from '../url/use-range.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { LogContextDialog } from './log-context.tsx';
import { emptyFilter, type LogFilter } from './log-filter.ts';
import { LogHistogram } from './log-histogram.tsx';
import { histogramQuery } from './log-queries.ts';
import { LogStream } from './log-stream.tsx';

/** The log of one container, in its own view. */
export function ContainerLogs({ id }: { id: string }): ReactNode {
  const range = useRange();
  const [params] = useSearchState();
  const [choice, setChoice] = useState<'all' | 'problems'>('all');
  const [context, setContext] = useState('');
  const filter = useMemo<LogFilter>(
    () => ({
      ...emptyFilter,
      container_id: [id],
      severity: choice === 'problems' ? ['warn', 'error', 'fatal'] : [],
    }),
    [id, choice],
  );
  const histogram = useQuery(histogramQuery(filter, range, 120));
  return (
    <Panel
      flush
      className="container-logs"
      title="Logs"
      hint={
        histogram.data === undefined
          ? '\u00a0'
          : `${quantityText(histogram.data.total, 'count')} lines`
      }
      actions={
        <>
          <Segmented
            label="Lines shown"
            value={choice}
            options={[
              { value: 'all', label: 'All' },
              { value: 'problems', label: 'Errors and warnings' },
            ]}
            onChange={setChoice}
          />
          <Link
            to="/logs"
            search={{ ...rangeOnly(params), container_id: id }}
            className="button button-small"
          >
            Open
          </Link>
        </>
      }
    >
      <div className="container-logs-body">
        <LogHistogram data={histogram.data} height={44} onZoom={range.zoom} />
      </div>
      <LogStream
        filter={filter}
        range={range}
        wrap={false}
        showContainer={false}
        onContext={setContext}
      />
      <LogContextDialog id={context} onClose={() => setContext('')} />
    </Panel>
  );
}
