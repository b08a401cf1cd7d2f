import type { ReactNode } from 'react';
import { exactTime, relativeTime } from '../format/time.ts';
import { useNow } from './use-now.ts';

export function RelativeTime({ at }: { at: number }): ReactNode {
  const now = useNow();
  if (at <= 0) return <span className="muted">never</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at)}>
      {relativeTime(at, now)}
    </time>
  );
}
