import { useMemo, useRef, useState, type PointerEvent, type ReactNode } from 'react';
import type { LogHistogram as Histogram } from '@plimsoll/model/api';
import { quantityText } from '../format/quantity.ts';
import { clockTime, shortTime } from '../format/time.ts';
import { countAt, shapeHistogram, shapeWidth } from './histogram-shape.ts';
import { severityLooks } from './severity.ts';
import { useNow } from '../ui/use-now.ts';

interface LogHistogramProps {
  data: Histogram | undefined;
  height: number;
  onZoom: (from: number, to: number) => void;
}

/** A drag over the bars sets the page's time range, a click takes one bar. */
export function LogHistogram({ data, height, onZoom }: LogHistogramProps): ReactNode {
  const shape = useMemo(
    () => (data === undefined ? null : shapeHistogram(data, height)),
    [data, height],
  );
  const box = useRef<HTMLDivElement>(null);
  const now = useNow(60_000);
  const [at, setAt] = useState<number | null>(null);
  const [start, setStart] = useState<number | null>(null);
  if (data === undefined || shape === null)
    return <div className="histogram histogram-empty" style={{ height: height + 18 }} />;
  const bucketAt = (event: PointerEvent): number => {
    const rect = box.current?.getBoundingClientRect();
    if (rect === undefined || rect.width === 0) return 0;
    const share = (event.clientX - rect.left) / rect.width;
    return Math.min(Math.max(Math.floor(share * shape.buckets), 0), shape.buckets - 1);
  };
  const timeOf = (bucket: number): number => Math.min(data.from + bucket * data.step_ms, data.to);
  const range =
    at === null
      ? null
      : start === null
        ? ([at, at] as const)
        : ([Math.min(at, start), Math.max(at, start)] as const);
  const percent = (bucket: number): string => `${(bucket / shape.buckets) * 100}%`;
  return (
    <div className="histogram">
      <div
        className="histogram-plot"
        ref={box}
        style={{ height }}
        role="img"
        aria-label={`${quantityText(data.total, 'count')} lines between ${clockTime(data.from, false)} and ${clockTime(data.to, false)}`}
        onPointerMove={(event) => setAt(bucketAt(event))}
        onPointerLeave={() => start === null && setAt(null)}
        onPointerDown={(event) => {
          if (event.button !== 0 || event.pointerType === 'touch') return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setStart(bucketAt(event));
        }}
        onPointerUp={() => {
          if (start !== null && range !== null) onZoom(timeOf(range[0]), timeOf(range[1] + 1));
          setStart(null);
          setAt(null);
        }}
      >
        <svg viewBox={`0 0 ${shapeWidth} ${height}`} preserveAspectRatio="none" aria-hidden="true">
          {shape.bands.map((band) => (
            <path key={band.tone} className={`bar-${band.tone}`} d={band.path} />
          ))}
        </svg>
        {range !== null && (
          <div
            className="histogram-range"
            style={{ left: percent(range[0]), width: percent(range[1] - range[0] + 1) }}
            data-drag={start !== null || undefined}
          />
        )}
        {range !== null && (
          <HistogramTip data={data} range={range} left={percent((range[0] + range[1] + 1) / 2)} />
        )}
      </div>
      <div className="histogram-axis" aria-hidden="true">
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <span key={share} style={{ left: `${share * 100}%` }}>
            {shortTime(data.from + (data.to - data.from) * share, now)}
          </span>
        ))}
      </div>
    </div>
  );
}

function HistogramTip({
  data,
  range,
  left,
}: {
  data: Histogram;
  range: readonly [number, number];
  left: string;
}): ReactNode {
  const rows = severityLooks
    .map((look) => {
      let count = 0;
      for (let index = range[0]; index <= range[1]; index += 1)
        count += countAt(data, look.severity, index);
      return { ...look, count };
    })
    .filter((row) => row.count > 0)
    .toReversed();
  const from = data.from + range[0] * data.step_ms;
  const to = data.from + (range[1] + 1) * data.step_ms;
  return (
    <div className="histogram-tip" style={{ left }}>
      <div className="muted">
        {clockTime(from, data.step_ms < 1000)} – {clockTime(to, data.step_ms < 1000)}
      </div>
      {rows.length === 0 && <div>no lines</div>}
      {rows.map((row) => (
        <div key={row.title} className="histogram-tip-row">
          <span className={`severity severity-${row.tone}`}>{row.letter}</span> {row.title}
          <span className="num">{quantityText(row.count, 'count')}</span>
        </div>
      ))}
    </div>
  );
}
