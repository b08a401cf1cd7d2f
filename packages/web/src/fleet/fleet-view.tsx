import { useMemo, type ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { hostsQuery, fleetQuery, tanksQuery } from '../api/fleet-queries.ts';
import { quantityText } from '../format/quantity.ts';
import { usePageTitle } from '../shell/page-title.ts';
import { EmptyState, ErrorState } from '../ui/notices.tsx';
import { Panel } from '../ui/panel.tsx';
import { Segmented } from '../ui/segmented.tsx';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { Tank, stateTitles } from '../ui/tank.tsx';
import { toChoice } from '../url/search-params.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { Causes } from './causes.tsx';
import { RecentLogs } from './recent-logs.tsx';
import { SummaryStrip } from './summary-strip.tsx';
import { TankGrid } from './tank-grid.tsx';
import { groupTanks, groupings, tankMeasures, type TankMeasure } from './tank-groups.ts';
import './fleet.css';

const measureHints: Record<TankMeasure, string> = {
  memory: 'memory that cannot be reclaimed',
  cpu: 'CPU used of its quota',
  pids: 'processes and threads',
};

export function FleetView(): ReactNode {
  usePageTitle('Fleet');
  const { data: fleet, isError } = useQuery(fleetQuery);
  return (
    <div className="fleet">
      <SummaryStrip fleet={fleet} />
      <TankPanel stale={isError} />
      <Causes />
      <RecentLogs />
    </div>
  );
}

function TankPanel({ stale }: { stale: boolean }): ReactNode {
  const { data, error, isError, refetch } = useQuery(tanksQuery);
  const { data: hosts } = useQuery(hostsQuery);
  const [params, update] = useSearchState();
  const grouping = toChoice(params['group'], groupings);
  const measure = toChoice(params['show'], tankMeasures);
  const groups = useMemo(() => groupTanks(data?.tanks ?? [], grouping), [data, grouping]);
  const hostMemory = useMemo(
    () => new Map((hosts ?? []).map((host) => [host.host, host.memory.limit])),
    [hosts],
  );
  return (
    <Panel
      className="fleet-tanks"
      label="Every container, against its limit"
      title="Every container, against its limit"
      hint={measureHints[measure]}
      stale={(isError || stale) && data !== undefined}
      actions={
        <>
          <Segmented
            label="What is measured"
            value={measure}
            options={[
              { value: 'memory', label: 'Memory' },
              { value: 'cpu', label: 'CPU' },
              { value: 'pids', label: 'Pids' },
            ]}
            onChange={(show) => update({ show: show === 'memory' ? undefined : show })}
          />
          <Segmented
            label="Grouped by"
            value={grouping}
            options={[
              { value: 'service', label: 'Service' },
              { value: 'host', label: 'Host' },
              { value: 'image', label: 'Image' },
            ]}
            onChange={(group) => update({ group: group === 'service' ? undefined : group })}
          />
        </>
      }
    >
      {data === undefined ? (
        isError ? (
          <ErrorState what="The containers" error={error} onRetry={() => void refetch()} />
        ) : (
          <SkeletonRows rows={10} height={46} />
        )
      ) : data.tanks.length === 0 ? (
        <NoContainers />
      ) : (
        <>
          <TankGrid groups={groups} grouping={grouping} measure={measure} hostMemory={hostMemory} />
          <TankLegend shown={data.tanks.length} total={data.total} truncated={data.truncated} />
        </>
      )}
    </Panel>
  );
}

function TankLegend({
  shown,
  total,
  truncated,
}: {
  shown: number;
  total: number;
  truncated: boolean;
}): ReactNode {
  return (
    <footer className="tank-legend">
      <span>
        <Tank ratio={0.42} state="within" /> {stateTitles.within}
      </span>
      <span>
        <Tank ratio={0.85} state="near" /> {stateTitles.near}
      </span>
      <span>
        <Tank ratio={1} state="over" /> {stateTitles.over}
      </span>
      <span>
        <Tank ratio={0.55} state="leaking" /> {stateTitles.leaking}
      </span>
      <span className="tank-legend-total">
        {truncated
          ? `${quantityText(shown, 'count')} of ${quantityText(total, 'count')}`
          : quantityText(total, 'count')}{' '}
        · worst first
      </span>
    </footer>
  );
}

function NoContainers(): ReactNode {
  const { data: fleet } = useQuery(fleetQuery);
  const missing = fleet?.pipeline.runtimes_missing ?? [];
  if (missing.length > 0) {
    return (
      <EmptyState
        title={
          missing.length === 1
            ? `No Docker on ${missing[0]?.host ?? 'this host'}`
            : `No Docker on ${missing.length} hosts`
        }
      >
        The collector looked for the container runtime&apos;s socket and found it{' '}
        {missing[0]?.status}. The host itself and plain log files are watched all the same. Once
        Docker runs, its containers appear here by themselves;{' '}
        <code className="mono">npm run demo</code> shows a simulated fleet.
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No container is running">
      As soon as one starts on a watched host it appears here, usually within ten seconds. Try{' '}
      <code className="mono">docker run --memory 64m …</code>
    </EmptyState>
  );
}
