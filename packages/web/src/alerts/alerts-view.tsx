import { useState, type ReactNode } from 'react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { AlertList, AlertState } from '@plimsoll/model/api';
import { apiGet } from '../api/client.ts';
import { refreshMs } from '../api/fleet-queries.ts';
import { usePageTitle } from '../shell/page-title.ts';
import { toList, toText } from '../url/search-params.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { Icon } from '../ui/icon.tsx';
import { EmptyState, ErrorState } from '../ui/notices.tsx';
import { Panel } from '../ui/panel.tsx';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { AlertCard } from './alert-card.tsx';
import { groupAlerts, type AlertGroup } from './alert-groups.ts';
import { RuleList } from './rule-list.tsx';
import './alerts.css';

const states = ['firing', 'pending', 'resolved'] as const satisfies readonly AlertState[];
const maxAlerts = 1000;
/** A rule with many alerts shows the worst few first. */
const shownPerRule = 6;

export function AlertsView(): ReactNode {
  usePageTitle('Alerts');
  const [params, update] = useSearchState();
  const chosen = toList(params['state']);
  const shown = states.filter((state) =>
    chosen.length === 0 ? state !== 'resolved' : chosen.includes(state),
  );
  const rule = toText(params['rule']);
  const { data, error, isError, refetch } = useQuery({
    queryKey: ['alerts', 'all'],
    queryFn: ({ signal }) => apiGet<AlertList>('alerts', { limit: maxAlerts }, signal),
    refetchInterval: refreshMs,
    placeholderData: keepPreviousData,
  });
  const items = data?.items ?? [];
  const groups = groupAlerts(
    items.filter((alert) => shown.includes(alert.state) && (rule === '' || alert.rule === rule)),
    data?.rules ?? [],
  );
  const toggle = (state: AlertState): void => {
    const next = shown.includes(state) ? shown.filter((item) => item !== state) : [...shown, state];
    update({ state: next.length === 0 ? undefined : next });
  };
  return (
    <div className="alerts-view">
      <div className="alerts-main">
        <div className="alerts-bar">
          {states.map((state) => (
            <button
              key={state}
              type="button"
              className="button"
              aria-pressed={shown.includes(state)}
              onClick={() => toggle(state)}
            >
              {state}{' '}
              <span className="muted">{items.filter((alert) => alert.state === state).length}</span>
            </button>
          ))}
          {rule !== '' && (
            <span className="chip">
              <span className="chip-key">rule</span>
              <b>{rule}</b>
              <button
                type="button"
                aria-label="Remove the rule"
                onClick={() => update({ rule: undefined })}
              >
                <Icon name="close" size={11} />
              </button>
            </span>
          )}
          {isError && data !== undefined && <span className="stale-mark">not refreshed</span>}
        </div>
        {data === undefined ? (
          <Panel>
            {isError ? (
              <ErrorState what="The alerts" error={error} onRetry={() => void refetch()} />
            ) : (
              <SkeletonRows rows={6} height={60} />
            )}
          </Panel>
        ) : groups.length === 0 ? (
          <Panel>
            <EmptyState
              title={shown.includes('firing') && rule === '' ? 'Nothing fires' : 'No such alert'}
            >
              {data.rules.length === 0
                ? 'No rule is loaded: the alerting role may not be running.'
                : `${data.rules.length} rules are watched; when each fires is written beside.`}
            </EmptyState>
          </Panel>
        ) : (
          groups.map((group) => <RuleGroup key={group.rule} group={group} />)
        )}
      </div>
      <Panel className="alerts-rules" title="Rules" hint="what is watched">
        {data === undefined ? (
          <SkeletonRows rows={8} height={44} />
        ) : (
          <RuleList rules={data.rules} alerts={items} />
        )}
      </Panel>
    </div>
  );
}

function RuleGroup({ group }: { group: AlertGroup }): ReactNode {
  const [all, setAll] = useState(false);
  const shown = all ? group.alerts : group.alerts.slice(0, shownPerRule);
  return (
    <Panel
      title={group.info?.title ?? group.rule}
      hint={states
        .filter((state) => group.counts[state] > 0)
        .map((state) => `${group.counts[state]} ${state}`)
        .join(' · ')}
    >
      <ol className="alert-list">
        {shown.map((alert) => (
          <AlertCard key={alert.fingerprint} alert={alert} />
        ))}
      </ol>
      {group.alerts.length > shownPerRule && (
        <button type="button" className="text-link alerts-more" onClick={() => setAll(!all)}>
          {all ? 'show fewer' : `show ${group.alerts.length - shownPerRule} more`}
        </button>
      )}
    </Panel>
  );
}
