import type { ReactNode } from 'react';
import type { EventEntry } from '@plimsoll/model/api';
import { RelativeTime } from '../ui/relative-time.tsx';
import { ErrorState } from '../ui/notices.tsx';
import { SkeletonRows } from '../ui/skeleton.tsx';

interface EventListProps {
  events: readonly EventEntry[] | undefined;
  failed: boolean;
  error: unknown;
  retry: () => void;
}

export function EventList({ events, failed, error, retry }: EventListProps): ReactNode {
  if (events === undefined) {
    return failed ? (
      <ErrorState what="The events" error={error} onRetry={retry} />
    ) : (
      <SkeletonRows rows={3} height={26} />
    );
  }
  if (events.length === 0)
    return <p className="muted">No start, stop, kill or change of health in this time.</p>;
  return (
    <ol className="events">
      {events.map((event) => (
        <li key={event.id} className={`event event-${event.severity}`}>
          <span className="event-sign" aria-hidden="true" />
          <span className="event-time">
            <RelativeTime at={event.time} />
          </span>
          <span className="event-kind">{event.kind.replaceAll('_', ' ')}</span>
          <span className="event-message">{event.message}</span>
        </li>
      ))}
    </ol>
  );
}
