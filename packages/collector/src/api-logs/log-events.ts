/** What is told of a log that was not read as a whole. */
import type { EventRow, TargetLabels } from '@plimsoll/model';
import { makeEvent } from '../events.ts';
import type { OutboundChunk } from '../publish/outbound-chunk.ts';

/** How much was lost is not known: the daemon does not number its messages. */
export interface ApiLogGap {
  reason: 'rotated away' | 'removed';
  fileId: string;
  position: number;
  /** Of the last message taken; empty for none. */
  lastTime: string;
}

/** How a log that is no file is named. */
export function logPathOf(containerId: string): string {
  return `docker-api://${containerId}`;
}

export function gapEvent(labels: TargetLabels, gap: ApiLogGap, timeMs: number): EventRow {
  const { reason, fileId, position, lastTime } = gap;
  const what =
    reason === 'removed'
      ? 'The container was removed before its log was read to its end'
      : 'The daemon no longer has the message that was read last';
  return makeEvent({
    labels,
    timeMs,
    kind: 'log_gap',
    severity: 'warning',
    message: `${what}: an unknown number of lines may be lost.`,
    attributes: {
      source: 'collector',
      reason: reason === 'removed' ? 'removed' : 'rotated_away_bytes',
      path: logPathOf(labels.container_id),
      file_id: fileId,
      position: String(position),
      last_time: lastTime,
    },
    occurrence: `docker-api ${fileId} ${position} ${reason}`,
  });
}

export function refusedEvent(
  labels: TargetLabels,
  { source, start, end }: OutboundChunk,
  timeMs: number,
): EventRow {
  return makeEvent({
    labels,
    timeMs,
    kind: 'log_gap',
    severity: 'error',
    message: `The transport refused ${end - start} bytes of ${source.path}.`,
    attributes: {
      source: 'collector',
      reason: 'publish_refused_bytes',
      path: source.path,
      file_id: source.file_id,
      position: String(start),
      lost_bytes: String(end - start),
    },
    occurrence: `${source.file_id} ${start} refused`,
  });
}
