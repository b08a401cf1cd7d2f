import type { ReactNode } from 'react';
import type { ContainerSort, ContainerSummary, LoadState } from '@plimsoll/model/api';
import { formatDuration, usedOfText, type Unit } from '../format/quantity.ts';
import { Quantity } from '../ui/quantity.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { stateOfCpu, stateOfRatio, stateTitles, Tank, WaterBar } from '../ui/tank.tsx';

export interface ContainerColumn {
  key: string;
  title: string;
  /** A track of the CSS grid. */
  width: string;
  sort?: ContainerSort;
  numeric?: boolean;
  cell: (row: ContainerSummary) => ReactNode;
}

/** The columns of the list, first what decides whether somebody must look. */
export const containerColumns: readonly ContainerColumn[] = [
  {
    key: 'tank',
    title: 'Load',
    width: '38px',
    sort: 'worst',
    cell: (row) => (
      <span title={stateTitles[row.state]}>
        <Tank ratio={row.worst} state={row.state} height={26} />
      </span>
    ),
  },
  {
    key: 'name',
    title: 'Container',
    width: 'minmax(180px, 2.2fr)',
    sort: 'name',
    cell: (row) => (
      <>
        <div className="truncate container-cell-name">{row.name}</div>
        <div
          className={`truncate container-cell-note ${row.why === '' ? 'muted' : `state-text-${row.state}`}`}
        >
          {row.why === '' ? row.image : row.why}
        </div>
      </>
    ),
  },
  {
    key: 'host',
    title: 'Host',
    width: 'minmax(80px, 0.8fr)',
    cell: (row) => <span className="truncate">{row.host}</span>,
  },
  {
    key: 'memory',
    title: 'Memory',
    width: 'minmax(136px, 1.1fr)',
    sort: 'memory',
    cell: (row) => (
      <Level
        used={row.memory_unreclaimable_bytes}
        limit={row.memory_limit_bytes}
        unit="bytes"
        {...(row.state === 'leaking' ? { state: 'leaking' } : {})}
      />
    ),
  },
  {
    key: 'cpu',
    title: 'CPU',
    width: 'minmax(136px, 1.1fr)',
    sort: 'cpu',
    cell: (row) => (
      <Level
        used={row.cpu_cores}
        limit={row.cpu_limit_cores}
        unit="cores"
        state={stateOfCpu(
          row.cpu_limit_cores > 0 ? (row.cpu_cores ?? 0) / row.cpu_limit_cores : null,
        )}
      />
    ),
  },
  {
    key: 'throttled',
    title: 'Throttled',
    width: '66px',
    sort: 'throttled',
    numeric: true,
    cell: (row) => (
      <span className={(row.throttled_ratio ?? 0) > 0.25 ? 'state-text-near' : undefined}>
        <Quantity value={row.throttled_ratio} unit="ratio" />
      </span>
    ),
  },
  {
    key: 'pids',
    title: 'Tasks',
    width: '50px',
    sort: 'pids',
    numeric: true,
    cell: (row) => <Quantity value={row.pids_current} unit="count" />,
  },
  {
    key: 'descriptors',
    title: 'Descriptors',
    width: '76px',
    sort: 'file_descriptors',
    numeric: true,
    cell: (row) => <Quantity value={row.file_descriptors} unit="count" />,
  },
  {
    key: 'network',
    title: 'Network in / out',
    width: '104px',
    numeric: true,
    cell: (row) => (
      <>
        <div>
          <Quantity value={row.network_receive_bytes_per_second} unit="bytes_per_second" />
        </div>
        <div>
          <Quantity value={row.network_transmit_bytes_per_second} unit="bytes_per_second" />
        </div>
      </>
    ),
  },
  {
    key: 'restarts',
    title: 'Restarts',
    width: '60px',
    sort: 'restarts',
    numeric: true,
    cell: (row) => (
      <span className={row.restart_count > 0 ? 'state-text-over' : 'muted'}>
        {row.restart_count}
      </span>
    ),
  },
  { key: 'age', title: 'State', width: '92px', numeric: true, cell: (row) => <Age row={row} /> },
];

function Age({ row }: { row: ContainerSummary }): ReactNode {
  if (row.runtime_state !== 'running') {
    return (
      <>
        <div>{row.runtime_state}</div>
        <div className="muted">
          <RelativeTime at={row.last_seen} />
        </div>
      </>
    );
  }
  return (
    <>
      <div>up {formatDuration(Math.max(0, (row.last_seen - row.started_at) / 1000))}</div>
      {row.health !== '' && (
        <div className={row.health === 'unhealthy' ? 'state-text-over' : 'muted'}>{row.health}</div>
      )}
    </>
  );
}

function Level(props: {
  used: number | null;
  limit: number;
  unit: Unit;
  state?: LoadState;
}): ReactNode {
  const ratio = props.used === null || props.limit <= 0 ? null : props.used / props.limit;
  const text = usedOfText(props.used, props.limit, props.unit);
  return (
    <div className="cell-level">
      <div>
        {text.used} <span className="muted">{text.rest}</span>
      </div>
      <WaterBar ratio={ratio} state={props.state ?? stateOfRatio(ratio)} />
    </div>
  );
}
