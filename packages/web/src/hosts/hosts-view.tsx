import type { ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { HostSummary, Waterline } from '@plimsoll/model/api';
import { hostsQuery } from '../api/fleet-queries.ts';
import { quantityText } from '../format/quantity.ts';
import { usePageTitle } from '../shell/page-title.ts';
import { rangeOnly } from '../url/search-params.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { EmptyState, ErrorState } from '../ui/notices.tsx';
import { Panel } from '../ui/panel.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { stateOfRatio, Tank } from '../ui/tank.tsx';
import { hostLevels, ratioOf, sortHosts, type HostLevel } from './host-levels.ts';
import './hosts.css';

export function HostsView(): ReactNode {
  usePageTitle('Hosts');
  const { data, error, isError, refetch } = useQuery(hostsQuery);
  if (data === undefined) {
    return (
      <Panel>
        {isError ? (
          <ErrorState what="The hosts" error={error} onRetry={() => void refetch()} />
        ) : (
          <SkeletonRows rows={6} height={84} />
        )}
      </Panel>
    );
  }
  if (data.length === 0) {
    return (
      <Panel>
        <EmptyState title="No host has reported yet">
          Each host runs a collector: <code className="mono">plimsoll collector</code>, or all in
          one process with <code className="mono">npm start</code>. It appears here with its first
          sample.
        </EmptyState>
      </Panel>
    );
  }
  return (
    <Panel title="Every host, against its limits" hint="fullest first" stale={isError}>
      <ul className="hosts">
        {sortHosts(data).map((host) => (
          <HostRow key={host.host} host={host} />
        ))}
      </ul>
    </Panel>
  );
}

function HostRow({ host }: { host: HostSummary }): ReactNode {
  const [params] = useSearchState();
  return (
    <li className="host" data-silent={host.silent || undefined}>
      <div className="host-who">
        <Link
          to="/host"
          search={{ ...rangeOnly(params), name: host.host }}
          className="host-name truncate"
        >
          {host.host}
        </Link>
        <div className="muted">
          {quantityText(host.containers_running, 'count')}{' '}
          {host.containers_running === 1 ? 'container' : 'containers'}
          {host.load1 !== null && ` · load ${quantityText(host.load1, 'count')}`}
        </div>
        {host.silent ? (
          <div className="state-text-over">
            silent, last seen <RelativeTime at={host.last_seen} />
          </div>
        ) : (
          <div
            className="muted truncate"
            title={`cgroup ${host.cgroup_mode}, Linux ${host.kernel}`}
          >
            {host.docker_status === 'connected'
              ? `Docker ${host.docker_version}`
              : `Docker is ${host.docker_status}`}
          </div>
        )}
      </div>
      <div className="host-levels">
        {hostLevels.map((level) => (
          <HostWaterline key={level.key} level={level} value={host[level.key]} />
        ))}
      </div>
    </li>
  );
}

export function HostWaterline({ level, value }: { level: HostLevel; value: Waterline }): ReactNode {
  const ratio = ratioOf(value);
  const state = stateOfRatio(ratio);
  return (
    <div
      className="host-level"
      title={
        value.used === null
          ? 'not measured'
          : `${quantityText(value.used, level.unit)} of ${quantityText(value.limit, level.unit)}`
      }
    >
      <Tank ratio={value.used === null ? 0 : ratio} state={state} width={14} height={38} />
      <div>
        <div className="host-level-title">{level.title}</div>
        <div className={`host-level-share ${state === 'within' ? '' : `state-text-${state}`}`}>
          {ratio === null ? '–' : quantityText(ratio, 'ratio')}
        </div>
        <div className="host-level-used">
          {value.used === null ? 'not measured' : quantityText(value.used, level.unit)}
        </div>
      </div>
    </div>
  );
}
