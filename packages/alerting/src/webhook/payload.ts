import { createHash } from 'node:crypto';
import type { AlertEntry } from '@plimsoll/model/api';
import type { Alert } from '../state/alert.ts';

/** Body of a webhook request. Specification: docs/specs/webhook.md. */
export interface WebhookPayload {
  version: '1';
  /** The same for every attempt to tell the same thing: to recognise a repeat by. */
  id: string;
  receiver: string;
  status: 'firing' | 'resolved';
  /** Milliseconds since 1970. */
  sent_at: number;
  alert: AlertEntry;
  group: NotificationGroup;
}

/** What else has the same cause: alerts of the same rule and image, or of the same rule and host. */
export interface NotificationGroup {
  key: string;
  labels: Record<string, string>;
  /** Alerts of the group that were firing when this was queued. */
  firing: number;
}

/** Something to tell one receiver. */
export interface Notification {
  id: string;
  status: 'firing' | 'resolved';
  alert: Alert;
  group: NotificationGroup;
}

export function notificationOf(alert: Alert, firing: readonly Alert[]): Notification {
  const status = alert.state === 'resolved' ? 'resolved' : 'firing';
  const key = groupKey(alert);
  const id = createHash('sha256')
    .update(JSON.stringify([alert.rule, alert.fingerprint, alert.firingAt, status]))
    .digest('hex')
    .slice(0, 32);
  return {
    id,
    status,
    alert,
    group: {
      key,
      labels: groupLabels(alert),
      firing: firing.filter((other) => other.state === 'firing' && groupKey(other) === key).length,
    },
  };
}

export function payloadOf(
  notification: Notification,
  receiver: string,
  sentAt: number,
): WebhookPayload {
  const { id, status, alert, group } = notification;
  return {
    version: '1',
    id,
    receiver,
    status,
    sent_at: sentAt,
    alert: {
      fingerprint: alert.fingerprint,
      rule: alert.rule,
      state: status,
      severity: alert.severity,
      summary: alert.summary,
      description: alert.description,
      labels: alert.labels,
      value: alert.value,
      threshold: alert.threshold,
      unit: alert.unit,
      active_at: alert.activeAt,
      firing_at: alert.firingAt,
      resolved_at: alert.resolvedAt,
      updated_at: alert.updatedAt,
      evidence: alert.evidence,
    },
    group,
  };
}

function groupLabels(alert: Alert): Record<string, string> {
  const by = alert.labels['image'] ? 'image' : 'host';
  return { rule: alert.rule, [by]: alert.labels[by] ?? '' };
}

function groupKey(alert: Alert): string {
  return Object.entries(groupLabels(alert))
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}
