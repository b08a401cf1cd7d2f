import type { ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { FleetCause, FleetTank } from '@plimsoll/model/api';
import { fleetQuery, tanksQuery } from '../api/fleet-queries.ts';
import { Sparkline } from '../charts/sparkline.tsx';
import { evidenceFacts, hasCourse } from '../alerts/evidence-facts.ts';
import { quantityText } from '../format/quantity.ts';
import { exactTime, plusMinus, shortTime, timeLeft } from '../format/time.ts';
import { rangeOnly } from '../url/search-params.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { ErrorState } from '../ui/notices.tsx';
import { Panel } from '../ui/panel.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { StateSign } from '../ui/state-sign.tsx';
import { Tank } from '../ui/tank.tsx';
import { useNow } from '../ui/use-now.ts';
import { worstFirst } from './tank-groups.ts';

const maxCards = 12;

export function Causes(): ReactNode {
  const { data, error, isError, refetch } = useQuery(fleetQuery);
  return (
    <Panel
      className="fleet-causes"
      label="What needs you"
      title="What needs you"
      hint="by time left"
      stale={isError && data !== undefined}
    >
      {data !== undefined ? (
        data.causes.length === 0 ? (
          <NothingNeedsYou hasData={data.pipeline.data_age_seconds !== null} />
        ) : (
          <CauseList causes={data.causes} />
        )
      ) : isError ? (
        <ErrorState what="What needs you" error={error} onRetry={() => void refetch()} />
      ) : (
        <div className="cause-list" aria-hidden="true">
          {[0, 1, 2].map((index) => (
            <div key={index} className="cause cause-skeleton">
              <Skeleton width="60%" />
              <Skeleton width="85%" />
              <Skeleton height={48} />
              <Skeleton width="70%" />
            </div>
          ))}
        </div>
      )}
    </Panel>
  );
}

function CauseList({ causes }: { causes: readonly FleetCause[] }): ReactNode {
  const [params] = useSearchState();
  return (
    <ol className="cause-list">
      {causes.slice(0, maxCards).map((cause) => (
        <CauseCard key={cause.id} cause={cause} />
      ))}
      {causes.length > maxCards && (
        <li>
          <Link to="/alerts" search={rangeOnly(params)} className="text-link">
            {causes.length - maxCards} more in Alerts
          </Link>
        </li>
      )}
    </ol>
  );
}

function CauseCard({ cause }: { cause: FleetCause }): ReactNode {
  const [params] = useSearchState();
  const now = useNow(60_000);
  const range = rangeOnly(params);
  const [first] = cause.container_ids;
  const target =
    first !== undefined
      ? { to: '/container' as const, search: { ...range, id: first } }
      : cause.host !== ''
        ? { to: '/host' as const, search: { ...range, name: cause.host } }
        : { to: '/alerts' as const, search: { ...range, rule: cause.rule } };
  return (
    <li className={`cause cause-${cause.state}`}>
      <div className="cause-head">
        <span className="cause-sign" aria-hidden="true">
          <StateSign state={cause.state} />
        </span>
        <Link {...target} className="cause-title">
          {cause.title}
        </Link>
        <span
          className={`cause-left state-text-${cause.state}`}
          title={plusMinus(
            cause.evidence.time_left_low_seconds,
            cause.evidence.time_left_high_seconds,
          )}
        >
          {leftText(cause, now)}
        </span>
      </div>
      <p className="cause-detail">{cause.detail}</p>
      {hasCourse(cause.evidence) && (
        <Sparkline
          points={cause.evidence.series}
          limit={cause.evidence.limit}
          state={cause.state}
          height={48}
          evidence={cause.evidence}
        />
      )}
      <div className="cause-facts">
        {evidenceFacts(cause.evidence, now).map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
        {cause.affected > 1 && (
          <Link
            to="/alerts"
            search={{ ...range, rule: cause.rule }}
            className="text-link cause-all"
          >
            all {cause.affected}
          </Link>
        )}
      </div>
    </li>
  );
}

/** Time left is the headline; what is happening already says so, or since when. */
function leftText(cause: FleetCause, now: number): ReactNode {
  if (cause.time_left_seconds !== null && cause.time_left_seconds > 0) {
    const interval = plusMinus(
      cause.evidence.time_left_low_seconds,
      cause.evidence.time_left_high_seconds,
    );
    return (
      <>
        {timeLeft(cause.time_left_seconds)}
        {interval !== '' && <span className="cause-interval"> {interval}</span>}
      </>
    );
  }
  if (cause.state === 'over') return 'now';
  return <time title={exactTime(cause.since)}>since {shortTime(cause.since, now)}</time>;
}

/** A calm page still says what is nearest to its limit. */
function NothingNeedsYou({ hasData }: { hasData: boolean }): ReactNode {
  const { data } = useQuery(tanksQuery);
  const [params] = useSearchState();
  const fullest = [...(data?.tanks ?? [])].sort(worstFirst).slice(0, 5);
  return (
    <div className="calm">
      <p className="calm-title">{hasData ? 'Nothing needs you.' : 'Nothing is known yet.'}</p>
      {!hasData && (
        <p className="muted">The first samples come ten seconds after a collector starts.</p>
      )}
      {fullest.length > 0 && <p className="muted">Nearest to a limit:</p>}
      <ul>
        {fullest.map((tank: FleetTank) => (
          <li key={tank.id}>
            <Tank ratio={tank.worst} state={tank.state} />
            <Link
              to="/container"
              search={{ ...rangeOnly(params), id: tank.id }}
              className="truncate"
            >
              {tank.name}
            </Link>
            <span className="num">{quantityText(tank.worst, 'ratio')}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
