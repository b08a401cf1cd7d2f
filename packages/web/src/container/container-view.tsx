import type { ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChartGrid } from '../charts/chart-grid.tsx';
import { ContainerLogs } from '../logs/container-logs.tsx';
import { usePageTitle } from '../shell/page-title.ts';
import { EmptyState, ErrorState } from '../ui/notices.tsx';
import { Panel } from '../ui/panel.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { ApiFailure } from '../api/client.ts';
import { rangeOnly, toText } from '../url/search-params.ts';
import { useRange } from '../url/use-range.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { containerCharts } from './container-charts.ts';
import { ContainerHeader } from './container-header.tsx';
import { containerQuery, eventsQuery, seriesQuery } from './container-queries.ts';
import { EventList } from './event-list.tsx';
import { ValuesTable } from './values-table.tsx';
import './container.css';

const seriesPoints = 300;

export function ContainerView(): ReactNode {
  const [params] = useSearchState();
  const id = toText(params['id']);
  const range = useRange();
  const detail = useQuery({ ...containerQuery(id), enabled: id !== '' });
  const series = useQuery({ ...seriesQuery(id, range, seriesPoints), enabled: id !== '' });
  const events = useQuery({ ...eventsQuery({ container_id: id }, range), enabled: id !== '' });
  usePageTitle('Container', detail.data?.name);
  const isGone = detail.error instanceof ApiFailure && detail.error.status === 404;
  if (id === '' || isGone) return <NoContainer />;
  return (
    <div className="container-view">
      {detail.data !== undefined ? (
        <ContainerHeader container={detail.data} stale={detail.isError} />
      ) : detail.isError ? (
        <Panel>
          <ErrorState
            what="The container"
            error={detail.error}
            onRetry={() => void detail.refetch()}
          />
        </Panel>
      ) : (
        <Panel>
          <Skeleton height={92} />
        </Panel>
      )}
      <ChartGrid
        specs={containerCharts}
        data={series.data}
        failed={series.isError}
        error={series.error}
        retry={() => void series.refetch()}
        events={events.data?.items ?? []}
        onZoom={range.zoom}
      />
      <Panel title="Events" hint="marks on the time axis above">
        <EventList
          events={events.data?.items}
          failed={events.isError}
          error={events.error}
          retry={() => void events.refetch()}
        />
      </Panel>
      <ContainerLogs id={id} />
      {detail.data !== undefined && <ValuesTable container={detail.data} />}
    </div>
  );
}

function NoContainer(): ReactNode {
  const [params] = useSearchState();
  return (
    <Panel>
      <EmptyState
        title="This container is not known"
        action={
          <Link to="/containers" search={rangeOnly(params)} className="button">
            All containers
          </Link>
        }
      >
        It may have been removed longer ago than its data is kept, or the address is cut short.
      </EmptyState>
    </Panel>
  );
}
