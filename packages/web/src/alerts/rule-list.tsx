import type { ReactNode } from 'react';
import type { AlertEntry, AlertRuleInfo } from '@plimsoll/model/api';
import { formatDuration } from '../format/quantity.ts';
import { RelativeTime } from '../ui/relative-time.tsx';
import { toText } from '../url/search-params.ts';
import { useSearchState } from '../url/use-search-state.ts';

/** Every rule with when it fires and when it was looked at; a press shows its alerts only. */
export function RuleList({
  rules,
  alerts,
}: {
  rules: readonly AlertRuleInfo[];
  alerts: readonly AlertEntry[];
}): ReactNode {
  const [params, update] = useSearchState();
  const chosen = toText(params['rule']);
  if (rules.length === 0) return <p className="muted">No rule is loaded.</p>;
  return (
    <ul className="rules">
      {rules.map((rule) => {
        const firing = alerts.filter(
          (alert) => alert.rule === rule.name && alert.state === 'firing',
        ).length;
        return (
          <li key={rule.name}>
            <button
              type="button"
              className="rule"
              aria-pressed={chosen === rule.name}
              onClick={() => update({ rule: chosen === rule.name ? undefined : rule.name })}
            >
              <span className="rule-head">
                <b>{rule.title}</b>
                {firing > 0 && <span className="state-text-over">{firing} firing</span>}
              </span>
              <span className="rule-text">
                {rule.description}
                {rule.for_seconds > 0 && ` It must hold for ${formatDuration(rule.for_seconds)}.`}
              </span>
              {rule.error !== null ? (
                <span className="state-text-near">Could not be evaluated: {rule.error}</span>
              ) : (
                <span className="muted">
                  {rule.severity} · looked at{' '}
                  {rule.evaluated_at === null ? 'not yet' : <RelativeTime at={rule.evaluated_at} />}
                  {rule.evaluation_ms !== null &&
                    `, took ${formatDuration(rule.evaluation_ms / 1000)}`}
                </span>
              )}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
