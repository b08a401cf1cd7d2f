import { useMemo, type ReactNode } from 'react';
import type { SqlResult } from '@plimsoll/model/api';
import type { ChartSpec, LineTone } from '../charts/chart-spec.ts';
import { TimeChart } from '../charts/time-chart.tsx';
import { unitOfValue } from '../container/value-unit.ts';
import { useRange } from '../url/use-range.ts';
import { chartOf, type ResultChart } from './result-model.ts';

const tones: readonly LineTone[] = ['deep', 'grey', 'water', 'pale', 'near', 'over'];
const none: never[] = [];

export function QuickChart({ result }: { result: SqlResult }): ReactNode {
  const chart = useMemo(() => chartOf(result), [result]);
  if (chart === null) {
    return (
      <p className="muted sql-note">
        A chart needs a time column and a number column, such as toStartOfMinute(time) and count().
      </p>
    );
  }
  return <Chart chart={chart} result={result} />;
}

function Chart({ chart, result }: { chart: ResultChart; result: SqlResult }): ReactNode {
  const range = useRange();
  const spec = useMemo<ChartSpec>(() => {
    const single = chart.lines.length === 1 ? (chart.lines[0]?.name ?? '') : '';
    return {
      key: 'result',
      bridged: true,
      title: single === '' ? `by ${chart.x}` : single,
      ...(chart.left > 0
        ? { hint: `the first ${chart.lines.length} of ${chart.lines.length + chart.left} lines` }
        : {}),
      unit: single === '' ? 'count' : unitOfValue(single),
      lines: chart.lines.map((line, index) => ({
        name: line.name,
        title: line.name,
        tone: tones[index] ?? 'grey',
      })),
    };
  }, [chart]);
  const series = useMemo(
    () => Object.fromEntries(chart.lines.map((line) => [line.name, line.points])),
    [chart],
  );
  const span = useMemo(() => {
    const times = chart.lines.flatMap((line) => line.points.map((point) => point[0]));
    return {
      from: times.reduce((a, b) => Math.min(a, b), Infinity),
      to: times.reduce((a, b) => Math.max(a, b), -Infinity),
    };
  }, [chart]);
  return (
    <div className="sql-chart" key={result.elapsed_ms}>
      <TimeChart
        spec={spec}
        series={series}
        range={span}
        events={none}
        onZoom={range.zoom}
        height={240}
      />
    </div>
  );
}
