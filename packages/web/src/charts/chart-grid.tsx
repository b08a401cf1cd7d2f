import type { ReactNode } from 'react';
import type { EventEntry, SeriesPoint } from '@plimsoll/model/api';
import { ErrorState } from '../ui/notices.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import type { ChartSpec } from './chart-spec.ts';
import { TimeChart } from './time-chart.tsx';

interface ChartGridProps {
  specs: readonly ChartSpec[];
  data:
    | { series: Record<string, readonly SeriesPoint[]>; range: { from: number; to: number } }
    | undefined;
  failed: boolean;
  error: unknown;
  retry: () => void;
  events: readonly EventEntry[];
  onZoom: (from: number, to: number) => void;
}

const tallCharts: ReadonlySet<string> = new Set(['memory', 'cpu']);

const legendHeight = 26;

function heightOf(spec: ChartSpec): number {
  return tallCharts.has(spec.key) ? 216 : 168;
}

/** The charts of one view: one cursor over all, a drag in any sets the page's time. */
export function ChartGrid(props: ChartGridProps): ReactNode {
  const { data } = props;
  if (data === undefined && props.failed) {
    return (
      <section className="panel">
        <ErrorState what="The series" error={props.error} onRetry={props.retry} />
      </section>
    );
  }
  return (
    <div className="chart-grid" data-stale={(props.failed && data !== undefined) || undefined}>
      {props.specs.map((spec) => (
        <section key={spec.key} className={`panel chart-panel chart-${spec.key}`}>
          {data === undefined ? (
            <div className="chart">
              <div className="chart-head">
                <h3>{spec.title}</h3>
              </div>
              <Skeleton height={heightOf(spec) + legendHeight} />
            </div>
          ) : (
            <TimeChart
              spec={spec}
              series={data.series}
              range={data.range}
              events={props.events}
              onZoom={props.onZoom}
              height={heightOf(spec)}
            />
          )}
        </section>
      ))}
    </div>
  );
}
