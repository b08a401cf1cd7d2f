import { useEffect, useLayoutEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { EventEntry, SeriesPoint } from '@plimsoll/model/api';
import { clockTime, dayOf } from '../format/time.ts';
import { usePalette } from '../theme/palette.ts';
import { Quantity } from '../ui/quantity.tsx';
import { useElementSize } from '../ui/use-element-size.ts';
import { buildChartData, lastValue, topOfScale, type ChartData } from './chart-data.ts';
import { chartOptions, toneColour } from './chart-options.ts';
import type { ChartSpec } from './chart-spec.ts';
import './charts.css';

interface TimeChartProps {
  spec: ChartSpec;
  series: Record<string, readonly SeriesPoint[]>;
  range: { from: number; to: number };
  events: readonly EventEntry[];
  onZoom: (from: number, to: number) => void;
  height?: number;
}

export function TimeChart({
  spec,
  series,
  range,
  events,
  onZoom,
  height = 168,
}: TimeChartProps): ReactNode {
  const data = useMemo(() => buildChartData(spec, series), [spec, series]);
  const [at, setAt] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const latest = useRef({ data, range, events, onZoom });
  useLayoutEffect(() => {
    latest.current = { data, range, events, onZoom };
  });
  const picture = useMemo(() => ({ data, range, events }), [data, range, events]);
  usePlot(box, { spec, picture, height, latest, onCursor: setAt });
  const empty =
    data.times.length === 0 ||
    data.values.every((column) => column.every((value) => value === null));
  return (
    <figure className="chart" aria-label={spec.title}>
      <figcaption className="chart-head">
        <h3>{spec.title}</h3>
        {spec.hint !== undefined && <span className="muted">{spec.hint}</span>}
        {at !== null && data.times[at] !== undefined && (
          <time className="chart-time">
            {dayOf(range.from) === dayOf(range.to) ? '' : `${dayOf(data.times[at] * 1000)} `}
            {clockTime(data.times[at] * 1000, false)}
          </time>
        )}
      </figcaption>
      <Legend spec={spec} data={data} at={at} />
      <div className="chart-plot" ref={box} style={{ height }}>
        {empty && <div className="chart-empty">not measured in this time</div>}
      </div>
    </figure>
  );
}

interface PlotInput {
  spec: ChartSpec;
  /** A new one each time that something drawn changed. */
  picture: { data: ChartData; range: { from: number; to: number }; events: readonly EventEntry[] };
  height: number;
  latest: React.RefObject<{
    data: ChartData;
    range: { from: number; to: number };
    events: readonly EventEntry[];
    onZoom: (from: number, to: number) => void;
  }>;
  onCursor: (index: number | null) => void;
}

/** One plot per chart, kept while data is refreshed; made anew when the colours or the lines change. */
function usePlot(box: React.RefObject<HTMLDivElement | null>, input: PlotInput): void {
  const { spec, picture, height, latest, onCursor } = input;
  const palette = usePalette();
  const { width } = useElementSize(box);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    if (box.current === null || width === 0) return undefined;
    const options = chartOptions({
      spec,
      palette,
      width,
      height,
      data: () => latest.current.data,
      range: () => latest.current.range,
      events: () => latest.current.events,
      handlers: { onCursor, onZoom: (from, to) => latest.current.onZoom(from, to) },
    });
    const made = new uPlot(options, columnsOf(latest.current.data), box.current);
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [box, spec, palette, width, height, latest, onCursor]);
  useEffect(() => {
    plot.current?.setData(columnsOf(picture.data));
  }, [picture]);
}

function columnsOf(data: ChartData): uPlot.AlignedData {
  return [data.times, ...data.drawn];
}

/** Names and values: under the cursor, else the newest. */
function Legend({
  spec,
  data,
  at,
}: {
  spec: ChartSpec;
  data: ChartData;
  at: number | null;
}): ReactNode {
  const palette = usePalette();
  const valueOf = (column: ChartData['values'][number] | undefined): number | null =>
    at === null ? lastValue(column) : (column?.[at] ?? null);
  const { limitShown } = topOfScale(data);
  return (
    <ul className="chart-legend">
      {spec.lines.map((line, index) => (
        <li key={line.name}>
          <span className="chart-key" style={{ background: toneColour(line.tone, palette) }} />
          {line.title} <b>{<Quantity value={valueOf(data.values[index])} unit={spec.unit} />}</b>
        </li>
      ))}
      {spec.limit !== undefined && (
        <li>
          <span className="chart-key chart-key-limit" />
          {data.limit === null ? (
            'no limit'
          ) : (
            <>
              limit <b>{<Quantity value={valueOf(data.limit)} unit={spec.unit} />}</b>
              {!limitShown && <span className="muted"> far above</span>}
            </>
          )}
        </li>
      )}
    </ul>
  );
}
