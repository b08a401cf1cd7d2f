import type { AlertEntry, AlertRuleInfo, AlertState } from '@plimsoll/model/api';

export interface AlertGroup {
  rule: string;
  info: AlertRuleInfo | undefined;
  alerts: AlertEntry[];
  counts: Record<AlertState, number>;
}

const stateOrder: Record<AlertState, number> = { firing: 0, pending: 1, resolved: 2 };
const severityOrder: Record<AlertEntry['severity'], number> = { critical: 0, warning: 1, info: 2 };

/** One group per rule; rules with firing critical alerts first, inside a group soonest to run out first. */
export function groupAlerts(
  alerts: readonly AlertEntry[],
  rules: readonly AlertRuleInfo[],
): AlertGroup[] {
  const groups = new Map<string, AlertGroup>();
  for (const alert of alerts) {
    let group = groups.get(alert.rule);
    if (group === undefined) {
      group = {
        rule: alert.rule,
        info: rules.find((rule) => rule.name === alert.rule),
        alerts: [],
        counts: { firing: 0, pending: 0, resolved: 0 },
      };
      groups.set(alert.rule, group);
    }
    group.alerts.push(alert);
    group.counts[alert.state] += 1;
  }
  for (const group of groups.values()) group.alerts.sort(compareAlerts);
  return [...groups.values()].sort((a, b) => {
    const [first, second] = [a.alerts[0], b.alerts[0]];
    return first === undefined || second === undefined
      ? 0
      : compareAlerts(first, second) || a.rule.localeCompare(b.rule);
  });
}

function compareAlerts(a: AlertEntry, b: AlertEntry): number {
  return (
    stateOrder[a.state] - stateOrder[b.state] ||
    severityOrder[a.severity] - severityOrder[b.severity] ||
    left(a) - left(b) ||
    b.active_at - a.active_at ||
    a.fingerprint.localeCompare(b.fingerprint)
  );
}

function left(alert: AlertEntry): number {
  return alert.evidence.time_left_seconds ?? Infinity;
}
