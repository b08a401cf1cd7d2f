import type { ReactNode } from 'react';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { HostSeries } from '@plimsoll/model/api';
import { apiGet } from '../api/client.ts';
import { hostsQuery, refreshMs } from '../api/fleet-queries.ts';
import { ChartGrid } from '../charts/chart-grid.tsx';
import { eventsQuery } from '../container/container-queries.ts';
import { EventList } from '../container/event-list.tsx';
import { quantityText } from '../format/quantity.ts';
import { usePageTitle } from '../shell/page-title.ts';
import { rangeOnly, toText } from '../url/search-params.ts';
import { useRange, type PageRange } from '../url/use-range.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { EmptyState } from '../ui/notices.tsx';
import { Panel } from '../ui/panel.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { hostCharts } from './host-charts.ts';
import { hostLevels } from './host-levels.ts';
import { HostWaterline } from './hosts-view.tsx';
import '../container/container.css';
import './hosts.css';

const seriesPoints = 300;

function hostSeriesQuery(name: string, range: PageRange) {
  return queryOptions({
    queryKey: ['host-series', name, range.key],
    queryFn: async ({ signal }) => {
      const ends = range.resolve();
      const answer = await apiGet<HostSeries>(
        `hosts/${encodeURIComponent(name)}/series`,
        { ...ends, points: seriesPoints },
        signal,
      );
      return { ...answer, range: ends };
    },
    refetchInterval: range.live ? refreshMs : false,
    placeholderData: (old, oldQuery) => (oldQuery?.queryKey[1] === name ? old : undefined),
  });
}

export function HostView(): ReactNode {
  const [params] = useSearchState();
  const name = toText(params['name']);
  usePageTitle('Host', name);
  const range = useRange();
  const hosts = useQuery(hostsQuery);
  const host = hosts.data?.find((item) => item.host === name);
  const series = useQuery(hostSeriesQuery(name, range));
  const events = useQuery(eventsQuery({ host: name }, range));
  if (hosts.data !== undefined && host === undefined) {
    return (
      <Panel>
        <EmptyState title={`No host is called “${name}”`}>
          It may not have reported for longer than its data is kept.
        </EmptyState>
      </Panel>
    );
  }
  return (
    <div className="host-view">
      <Panel stale={hosts.isError}>
        {host === undefined ? (
          <Skeleton height={70} />
        ) : (
          <div className="host host-single" data-silent={host.silent || undefined}>
            <div className="host-who">
              <div className="host-name">{host.host}</div>
              <div>
                <Link
                  to="/containers"
                  search={{ ...rangeOnly(params), host: host.host }}
                  className="text-link"
                >
                  {quantityText(host.containers_running, 'count')} containers
                </Link>
              </div>
              <div className={host.silent ? 'state-text-over' : 'muted'}>
                seen <RelativeTime at={host.last_seen} />
              </div>
              <div className="muted truncate">
                Linux {host.kernel} · cgroup {host.cgroup_mode} ·{' '}
                {host.docker_status === 'connected'
                  ? `Docker ${host.docker_version}`
                  : `Docker is ${host.docker_status}`}
              </div>
            </div>
            <div className="host-levels">
              {hostLevels.map((level) => (
                <HostWaterline key={level.key} level={level} value={host[level.key]} />
              ))}
            </div>
          </div>
        )}
      </Panel>
      <ChartGrid
        specs={hostCharts}
        data={series.data}
        failed={series.isError}
        error={series.error}
        retry={() => void series.refetch()}
        events={events.data?.items ?? []}
        onZoom={range.zoom}
      />
      <Panel title="Events" hint="of this host and its containers">
        <EventList
          events={events.data?.items}
          failed={events.isError}
          error={events.error}
          retry={() => void events.refetch()}
        />
      </Panel>
    </div>
  );
}
