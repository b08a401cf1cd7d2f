import type { ReactNode } from 'react';
import { Link } from '@tanstack/react-router';
import type { ContainerDetail } from '@plimsoll/model/api';
import type { Unit } from '../format/quantity.ts';
import { formatDuration, quantityText, usedOfText } from '../format/quantity.ts';
import { exactTime } from '../format/time.ts';
import { rangeOnly } from '../url/search-params.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { stateOfCpu, stateOfRatio, stateTitles, Tank, WaterBar } from '../ui/tank.tsx';
import { useNow } from '../ui/use-now.ts';

const silentAfterMs = 60_000;

export function ContainerHeader({
  container,
  stale,
}: {
  container: ContainerDetail;
  stale: boolean;
}): ReactNode {
  const [params] = useSearchState();
  const range = rangeOnly(params);
  const now = useNow(10_000);
  const memory = ratioOf(container.memory_unreclaimable_bytes, container.memory_limit_bytes);
  const isRunning = container.runtime_state === 'running';
  return (
    <section className="panel container-head" data-stale={stale || undefined}>
      <Tank ratio={memory} state={container.state} width={40} height={92} />
      <div className="container-who">
        <div className="container-name">
          <b className="truncate">{container.name}</b>
          <span className={`container-state state-text-${container.state}`}>
            {stateTitles[container.state]}
          </span>
          {now - container.last_seen > silentAfterMs && (
            <span className="stale-mark">
              last seen <RelativeTime at={container.last_seen} />
            </span>
          )}
        </div>
        {container.why !== '' && (
          <p className={`container-why state-text-${container.state}`}>{container.why}</p>
        )}
        <p className="container-of">
          <Link
            to="/containers"
            search={{ ...range, image: container.image }}
            className="text-link"
          >
            {container.image}
          </Link>
          <span className="muted"> on </span>
          <Link to="/host" search={{ ...range, name: container.host }} className="text-link">
            {container.host}
          </Link>
          {container.service !== '' && (
            <>
              <span className="muted"> in </span>
              <Link
                to="/containers"
                search={{ ...range, service: container.service }}
                className="text-link"
              >
                {container.service}
              </Link>
            </>
          )}
          <CopyButton
            label={`Copy the id ${container.id.slice(0, 12)}`}
            text={() => container.id}
          />
        </p>
        <dl className="container-facts">
          <Fact name="state">
            {container.runtime_state}
            {container.health !== '' && (
              <span className={container.health === 'unhealthy' ? 'state-text-over' : 'muted'}>
                {' '}
                · {container.health}
              </span>
            )}
            {!isRunning && <span className="muted"> · exit {container.exit_code}</span>}
          </Fact>
          <Fact name={isRunning ? 'up for' : 'started'}>
            <span title={exactTime(container.started_at)}>
              {isRunning ? (
                formatDuration(Math.max(0, (now - container.started_at) / 1000))
              ) : (
                <RelativeTime at={container.started_at} />
              )}
            </span>
          </Fact>
          <Fact name="restarts">
            <span className={container.restart_count > 0 ? 'state-text-over' : undefined}>
              {container.restart_count}
            </span>
            <span className="muted">
              {' '}
              {container.restart_policy === '' || container.restart_policy === 'no'
                ? 'no policy'
                : `policy ${container.restart_policy}`}
            </span>
          </Fact>
          {container.oom_killed && (
            <Fact name="last end">
              <span className="state-text-over">killed for memory</span>
            </Fact>
          )}
          {container.privileged && (
            <Fact name="rights">
              <span className="state-text-near">privileged</span>
            </Fact>
          )}
        </dl>
      </div>
      <div className="container-levels">
        <Level
          title="memory"
          used={container.memory_unreclaimable_bytes}
          limit={container.memory_limit_bytes}
          unit="bytes"
          leaking={container.state === 'leaking'}
        />
        <Level
          title="CPU"
          used={container.cpu_cores}
          limit={container.cpu_limit_cores}
          unit="cores"
        />
        <Level
          title="tasks"
          used={container.pids_current}
          limit={container.pids_limit}
          unit="count"
        />
        <Level
          title="descriptors"
          used={container.file_descriptors}
          limit={container.file_descriptors_limit}
          unit="count"
        />
      </div>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Level(props: {
  title: string;
  used: number | null;
  limit: number;
  unit: Unit;
  leaking?: boolean;
}): ReactNode {
  const ratio = ratioOf(props.used, props.limit);
  const text = usedOfText(props.used, props.limit, props.unit);
  const plain = props.unit === 'cores' ? stateOfCpu(ratio) : stateOfRatio(ratio);
  const state = props.leaking === true ? 'leaking' : plain;
  return (
    <div className="level">
      <span className="level-title">{props.title}</span>
      <span className="level-value">
        {text.used} <span className="muted">{text.rest}</span>
      </span>
      <b className="num">{ratio === null ? '' : quantityText(ratio, 'ratio')}</b>
      <WaterBar ratio={ratio} state={state} />
    </div>
  );
}

function ratioOf(used: number | null, limit: number): number | null {
  return used === null || limit <= 0 ? null : used / limit;
}
