import { useMemo, type ReactNode } from 'react';
import type { AlertEvidence, LoadState, SeriesPoint } from '@plimsoll/model/api';
import { sparkPaths, sparkWidth, type SparkInput } from './sparkline-path.ts';
import './sparkline.css';

interface SparklineProps {
  points: readonly SeriesPoint[];
  limit: number | null;
  state: LoadState;
  height: number;
  evidence?: AlertEvidence;
}

/** The floor, the limit as a dashed line, and the projection up to where they meet. */
export function Sparkline({ points, limit, state, height, evidence }: SparklineProps): ReactNode {
  const paths = useMemo(() => {
    const input: SparkInput = { points, limit };
    if (evidence !== undefined) {
      input.timeLeftSeconds = evidence.time_left_seconds;
      input.timeLeftLowSeconds = evidence.time_left_low_seconds;
      input.timeLeftHighSeconds = evidence.time_left_high_seconds;
    }
    return sparkPaths(input, height);
  }, [points, limit, height, evidence]);
  return (
    <svg
      className={`sparkline sparkline-${state}`}
      viewBox={`0 0 ${sparkWidth} ${height}`}
      style={{ height }}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path className="sparkline-area" d={paths.area} />
      <path className="sparkline-interval" d={paths.interval} />
      {paths.limitY !== null && (
        <path className="sparkline-limit" d={`M0 ${paths.limitY}H${sparkWidth}`} />
      )}
      <path className="sparkline-line" d={paths.line} />
      <path className="sparkline-projection" d={paths.projection} />
    </svg>
  );
}
