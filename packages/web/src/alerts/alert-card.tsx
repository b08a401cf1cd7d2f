import { useState, type ReactNode } from 'react';
import { Link } from '@tanstack/react-router';
import type { AlertEntry, LoadState } from '@plimsoll/model/api';
import { Sparkline } from '../charts/sparkline.tsx';
import { plusMinus, timeLeft } from '../format/time.ts';
import { StateSign } from '../ui/state-sign.tsx';
import { rangeOnly } from '../url/search-params.ts';
import { rangeParams } from '../url/time-range.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { Icon } from '../ui/icon.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { useNow } from '../ui/use-now.ts';
import { evidenceFacts, hasCourse } from './evidence-facts.ts';

/** A leak is a leak; else a critical alert is over the line, and what is resolved is within. */
function loadOfAlert(alert: AlertEntry): LoadState {
  if (alert.state === 'resolved') return 'within';
  if (alert.evidence.slope_per_second !== null && alert.evidence.slope_per_second > 0)
    return 'leaking';
  return alert.severity === 'critical' ? 'over' : 'near';
}

const aroundMs = 30 * 60_000;

export function AlertCard({ alert }: { alert: AlertEntry }): ReactNode {
  const [open, setOpen] = useState(false);
  const [params] = useSearchState();
  const now = useNow(60_000);
  const state = loadOfAlert(alert);
  const { evidence } = alert;
  const id = alert.labels['container_id'];
  const host = alert.labels['host'];
  const at = alert.resolved_at ?? alert.firing_at ?? alert.active_at;
  const around = rangeParams({
    kind: 'absolute',
    from: at - aroundMs,
    to: Math.min(at + aroundMs, now),
  });
  return (
    <li className={`alert alert-${alert.state} cause-${state}`}>
      <div className="alert-text">
        <div className="alert-head">
          <span className="cause-sign">
            <StateSign state={state} />
          </span>
          {id !== undefined && id !== '' ? (
            <Link to="/container" search={{ ...rangeOnly(params), id }} className="alert-title">
              {alert.summary}
            </Link>
          ) : host !== undefined && host !== '' ? (
            <Link to="/host" search={{ ...rangeOnly(params), name: host }} className="alert-title">
              {alert.summary}
            </Link>
          ) : (
            <span className="alert-title">{alert.summary}</span>
          )}
        </div>
        <p className="alert-when">
          {alert.state}
          {alert.state !== 'resolved' && (
            <> for {<Since at={alert.firing_at ?? alert.active_at} />}</>
          )}
          {alert.resolved_at !== null && (
            <>
              {' '}
              <RelativeTime at={alert.resolved_at} />
            </>
          )}{' '}
          · {alert.severity}
          {alert.labels['host'] !== undefined && ` · ${alert.labels['host']}`}
        </p>
        <div className="cause-facts">
          {evidenceFacts(evidence, now).map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </div>
      </div>
      <div className="alert-chart">
        {hasCourse(evidence) && (
          <Sparkline
            points={evidence.series}
            limit={evidence.limit}
            state={state}
            height={46}
            evidence={evidence}
          />
        )}
      </div>
      <div className={`alert-left state-text-${state}`}>
        {evidence.time_left_seconds !== null && alert.state !== 'resolved' && (
          <>
            <b>{timeLeft(evidence.time_left_seconds)}</b>
            <span className="cause-interval">
              {plusMinus(evidence.time_left_low_seconds, evidence.time_left_high_seconds)}
            </span>
          </>
        )}
      </div>
      <button
        type="button"
        className="icon-button"
        aria-expanded={open}
        aria-label="Details"
        onClick={() => setOpen(!open)}
      >
        <Icon name="chevron" size={14} />
      </button>
      {open && (
        <div className="alert-more">
          {alert.description !== '' && <p>{alert.description}</p>}
          <div className="alert-links">
            {id !== undefined && id !== '' && (
              <Link
                to="/logs"
                search={{ ...around, container_id: id }}
                className="button button-small"
              >
                <Icon name="logs" size={13} /> Logs at that time
              </Link>
            )}
          </div>
          <dl className="alert-labels mono">
            {Object.entries(alert.labels).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </div>
      )}
    </li>
  );
}

function Since({ at }: { at: number }): ReactNode {
  const now = useNow(10_000);
  const minutes = Math.max(0, Math.floor((now - at) / 60_000));
  const text =
    minutes < 1
      ? 'less than a minute'
      : minutes < 60
        ? `${minutes} min`
        : minutes < 2880
          ? `${Math.floor(minutes / 60)} h`
          : `${Math.floor(minutes / 1440)} d`;
  return (
    <time dateTime={new Date(at).toISOString()} title={new Date(at).toLocaleString('sv-SE')}>
      {text}
    </time>
  );
}
