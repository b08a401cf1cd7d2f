import type uPlot from 'uplot';
import type { EventEntry } from '@plimsoll/model/api';
import { axisText, type Unit } from '../format/quantity.ts';
import type { Palette } from '../theme/palette.ts';
import { topOfScale, type ChartData } from './chart-data.ts';
import type { ChartSpec, LineTone } from './chart-spec.ts';

export interface ChartHandlers {
  onZoom: (from: number, to: number) => void;
  /** Index under the cursor, null when it left. */
  onCursor: (index: number | null) => void;
}

interface OptionsInput {
  spec: ChartSpec;
  /** The newest data, asked at each drawing: charts are kept while data comes and goes. */
  data: () => ChartData;
  range: () => { from: number; to: number };
  events: () => readonly EventEntry[];
  palette: Palette;
  width: number;
  height: number;
  handlers: ChartHandlers;
}

const font = "11px 'Inter Variable', system-ui, sans-serif";
const syncKey = 'plimsoll';

export function chartOptions(input: OptionsInput): uPlot.Options {
  const { spec, palette } = input;
  return {
    width: input.width,
    height: input.height,
    legend: { show: false },
    padding: [8, 10, 0, 0],
    cursor: {
      sync: { key: syncKey },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
      y: false,
    },
    scales: {
      x: { time: true, range: () => [input.range().from / 1000, input.range().to / 1000] },
      y: { range: () => [0, topOfScale(input.data()).top] },
    },
    axes: axesOf(spec.unit, palette),
    series: [
      {},
      ...spec.lines.map((line) => ({
        ...seriesOf(line.tone, shapeOf(spec), palette),
        spanGaps: spec.bridged === true,
      })),
    ],
    bands:
      spec.stacked === true
        ? spec.lines.slice(1).map((line, index) => ({
            series: [index + 2, index + 1],
            fill: fillOf(line.tone, palette),
          }))
        : [],
    hooks: {
      draw: [
        (plot) => drawEvents(plot, input.events(), palette),
        (plot) => drawLimit(plot, input.data(), palette),
      ],
      setCursor: [(plot) => input.handlers.onCursor(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          input.handlers.onZoom(
            plot.posToVal(left, 'x') * 1000,
            plot.posToVal(left + width, 'x') * 1000,
          );
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function axesOf(unit: Unit, palette: Palette): uPlot.Axis[] {
  const isBytes = unit === 'bytes' || unit === 'bytes_per_second';
  return [
    {
      stroke: palette.text3,
      font,
      size: 26,
      space: 74,
      gap: 4,
      grid: { stroke: palette.grid, width: 1 },
      ticks: { show: false },
      values: (_plot, splits) => splits.map((seconds, index) => timeTick(seconds, splits, index)),
    },
    {
      stroke: palette.text3,
      font,
      size: 68,
      gap: 6,
      space: 34,
      grid: { stroke: palette.grid, width: 1 },
      ticks: { show: false },
      ...(isBytes ? { incrs: binarySteps } : {}),
      values: (_plot, splits) => splits.map((value) => axisText(value, unit)),
    },
  ];
}

/** 1, 2, 4 … 512 of each binary unit. */
const binarySteps = Array.from({ length: 50 }, (_, power) => 2 ** power);

function timeTick(seconds: number, splits: readonly number[], index: number): string {
  const date = new Date(seconds * 1000);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  const previous = index === 0 ? null : new Date((splits[index - 1] ?? 0) * 1000);
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  if (step >= 86_400) return `${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  if (previous !== null && previous.getDate() !== date.getDate())
    return `${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clock}`;
  return step < 60 ? `${clock}:${pad(date.getSeconds())}` : clock;
}

/** Several lines side by side stay lines: areas over each other would hide what is behind. */
function shapeOf(spec: ChartSpec): 'stack' | 'area' | 'line' {
  if (spec.stacked === true) return 'stack';
  return spec.lines.length === 1 ? 'area' : 'line';
}

function seriesOf(
  tone: LineTone,
  shape: 'stack' | 'area' | 'line',
  palette: Palette,
): uPlot.Series {
  return {
    stroke: toneColour(tone, palette),
    width: shape === 'stack' ? 1 : 1.5,
    points: { show: false },
    ...(shape === 'line' ? {} : { fill: fillOf(tone, palette) }),
  };
}

export function toneColour(tone: LineTone, palette: Palette): string {
  const colours: Record<LineTone, string> = {
    deep: palette.waterDeep,
    water: palette.water,
    pale: palette.waterPale,
    grey: palette.text3,
    near: palette.near,
    over: palette.over,
  };
  return colours[tone];
}

function fillOf(tone: LineTone, palette: Palette): string {
  const strength: Record<LineTone, string> = {
    deep: '59',
    water: '66',
    pale: 'a6',
    grey: '80',
    near: '33',
    over: '40',
  };
  return `${toneColour(tone, palette)}${strength[tone]}`;
}

function drawLimit(plot: uPlot, data: ChartData, palette: Palette): void {
  if (data.limit === null || !topOfScale(data).limitShown) return;
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = palette.limit;
  ctx.lineWidth = 1.25 * devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  let previous: number | null = null;
  for (const [index, value] of data.limit.entries()) {
    if (value === null) {
      previous = null;
      continue;
    }
    const x = plot.valToPos(data.times[index] ?? 0, 'x', true);
    const y = plot.valToPos(value, 'y', true);
    if (previous === null) ctx.moveTo(x, y);
    else {
      ctx.lineTo(x, plot.valToPos(previous, 'y', true));
      ctx.lineTo(x, y);
    }
    previous = value;
  }
  ctx.stroke();
  ctx.restore();
}

/** Events are marks on the axis with a thin line up; errors in red, and a triangle, not only colour. */
function drawEvents(plot: uPlot, events: readonly EventEntry[], palette: Palette): void {
  const { ctx, bbox } = plot;
  const unit = devicePixelRatio;
  ctx.save();
  for (const event of events) {
    const x = Math.round(plot.valToPos(event.time / 1000, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const colour =
      event.severity === 'error'
        ? palette.over
        : event.severity === 'warning'
          ? palette.near
          : palette.text3;
    const bottom = bbox.top + bbox.height;
    ctx.strokeStyle = colour;
    ctx.globalAlpha = 0.45;
    ctx.lineWidth = unit;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bottom);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.fillStyle = colour;
    ctx.beginPath();
    const size = (event.severity === 'info' ? 3 : 4.5) * unit;
    ctx.moveTo(x, bottom - size * 1.6);
    ctx.lineTo(x + size, bottom);
    ctx.lineTo(x - size, bottom);
    ctx.fill();
  }
  ctx.restore();
}
