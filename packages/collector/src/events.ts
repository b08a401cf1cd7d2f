import { createHash } from 'node:crypto';
import {
  targetLabelNames,
  type EventKind,
  type EventRow,
  type EventSeverity,
  type TargetLabels,
} from '@plimsoll/model';
import { formatTime } from './stats/rows.ts';

export const eventColumns = [
  ...targetLabelNames,
  'time',
  'event_id',
  'kind',
  'severity',
  'message',
  'attributes',
] as const satisfies readonly (keyof EventRow)[];

export interface EventDraft {
  labels: TargetLabels;
  timeMs: number;
  kind: EventKind;
  severity: EventSeverity;
  message: string;
  attributes?: Record<string, string>;
  /**
   * What makes this occurrence the only one of its kind for its container: a nanosecond time, a
   * position in a file. The same always makes the same event id, so a replayed event is one row.
   */
  occurrence: string;
}

export function makeEvent(draft: EventDraft): EventRow {
  const { labels, kind, occurrence } = draft;
  const identity = [labels.tenant, labels.host, kind, labels.container_id, occurrence].join('\0');
  return {
    ...labels,
    time: formatTime(draft.timeMs),
    event_id: createHash('sha256').update(identity).digest('hex').slice(0, 32),
    kind,
    severity: draft.severity,
    message: draft.message,
    attributes: draft.attributes ?? {},
  };
}
