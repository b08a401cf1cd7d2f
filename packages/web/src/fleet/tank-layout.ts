/**
 * Where every tank stands. Pure: widths in, positions out; drawing, hit tests and the keyboard
 * all read the same layout. Tanks are numbered through in group order.
 */
export interface TankMetrics {
  tankWidth: number;
  tankHeight: number;
  gap: number;
  lineGap: number;
}

export interface GroupBox {
  index: number;
  /** Number of the group's first tank. */
  first: number;
  count: number;
  y: number;
  height: number;
  tanksX: number;
  tanksY: number;
  perLine: number;
  lines: number;
}

export interface TankLayout {
  metrics: TankMetrics;
  boxes: GroupBox[];
  height: number;
  total: number;
  labelWidth: number;
  narrow: boolean;
}

export interface TankPlace {
  x: number;
  y: number;
  box: GroupBox;
  line: number;
}

const leastLabelWidth = 252;
/** Long names get what room the tanks leave, up to this. */
const mostLabelWidth = 380;
/** A letter of a name, on average, and what stands beside a name: its count and the gap. */
const letterWidth = 7.5;
const besideName = 52;
const narrowBelow = 560;
const rowPadding = 10;
const narrowLabelHeight = 40;
const minRowHeight = 46;

/** The more tanks, the smaller: 5,000 still fit in some screens' height. */
function metricsFor(total: number): TankMetrics {
  if (total <= 600) return { tankWidth: 11, tankHeight: 25, gap: 4, lineGap: 7 };
  if (total <= 2000) return { tankWidth: 10, tankHeight: 22, gap: 3, lineGap: 6 };
  return { tankWidth: 8, tankHeight: 18, gap: 3, lineGap: 5 };
}

/** @param longestName in letters; names that are longer than their room are cut. */
export function layoutTanks(counts: readonly number[], width: number, longestName = 0): TankLayout {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const metrics = metricsFor(total);
  const narrow = width < narrowBelow;
  const pitch = metrics.tankWidth + metrics.gap;
  const most = counts.reduce((left, right) => Math.max(left, right), 0);
  const wanted = Math.ceil(longestName * letterWidth) + besideName;
  const labelWidth = Math.max(
    leastLabelWidth,
    Math.min(wanted, mostLabelWidth, width - most * pitch),
  );
  const tanksX = narrow ? 0 : labelWidth;
  const perLine = Math.max(1, Math.floor((width - tanksX + metrics.gap) / pitch));
  const boxes: GroupBox[] = [];
  let y = 0;
  let first = 0;
  for (const [index, count] of counts.entries()) {
    const lines = Math.max(1, Math.ceil(count / perLine));
    const tanksHeight = lines * metrics.tankHeight + (lines - 1) * metrics.lineGap;
    const top = narrow ? narrowLabelHeight : rowPadding;
    const height = Math.max(narrow ? 0 : minRowHeight, top + tanksHeight + rowPadding);
    boxes.push({ index, first, count, y, height, tanksX, tanksY: y + top, perLine, lines });
    y += height;
    first += count;
  }
  return { metrics, boxes, height: y, total, labelWidth: narrow ? width : labelWidth - 16, narrow };
}

/** The groups that touch `[top, bottom)`; boxes are in order, so the first is found by halving. */
export function visibleBoxes(layout: TankLayout, top: number, bottom: number): GroupBox[] {
  const found: GroupBox[] = [];
  for (let at = firstBoxBelow(layout, top); at < layout.boxes.length; at += 1) {
    const box = layout.boxes[at];
    if (box === undefined || box.y >= bottom) break;
    found.push(box);
  }
  return found;
}

function firstBoxBelow(layout: TankLayout, top: number): number {
  let low = 0;
  let high = layout.boxes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const box = layout.boxes[middle];
    if (box !== undefined && box.y + box.height <= top) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The part of a group's tanks whose lines touch `[top, bottom)`, as positions within the group. */
export function visibleSpan(
  layout: TankLayout,
  box: GroupBox,
  window: { top: number; bottom: number },
): [number, number] {
  const pitch = layout.metrics.tankHeight + layout.metrics.lineGap;
  const firstLine = Math.max(0, Math.floor((window.top - box.tanksY) / pitch));
  const lastLine = Math.min(box.lines - 1, Math.floor((window.bottom - box.tanksY) / pitch));
  return [
    Math.min(firstLine * box.perLine, box.count),
    Math.min((lastLine + 1) * box.perLine, box.count),
  ];
}

export function placeOf(layout: TankLayout, tank: number): TankPlace | null {
  const box = boxOf(layout, tank);
  if (box === null) return null;
  const within = tank - box.first;
  const line = Math.floor(within / box.perLine);
  const column = within % box.perLine;
  const { tankWidth, tankHeight, gap, lineGap } = layout.metrics;
  return {
    x: box.tanksX + column * (tankWidth + gap),
    y: box.tanksY + line * (tankHeight + lineGap),
    box,
    line,
  };
}

function boxOf(layout: TankLayout, tank: number): GroupBox | null {
  if (tank < 0 || tank >= layout.total) return null;
  let low = 0;
  let high = layout.boxes.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((layout.boxes[middle]?.first ?? 0) <= tank) low = middle;
    else high = middle - 1;
  }
  return layout.boxes[low] ?? null;
}

/** The tank under a point of the content, with half a gap of kindness around it. */
export function hitTank(layout: TankLayout, x: number, y: number): number | null {
  const box = visibleBoxes(layout, y, y + 1)[0];
  if (box === undefined) return null;
  const { tankWidth, tankHeight, gap, lineGap } = layout.metrics;
  const column = Math.floor((x - box.tanksX + gap / 2) / (tankWidth + gap));
  const line = Math.floor((y - box.tanksY + lineGap / 2) / (tankHeight + lineGap));
  if (column < 0 || column >= box.perLine || line < 0 || line >= box.lines) return null;
  const within = line * box.perLine + column;
  return within < box.count ? box.first + within : null;
}

export type TankStep = 'left' | 'right' | 'up' | 'down' | 'first' | 'last';

/** Where the selection goes; up and down keep the column and cross from group to group. */
export function stepTank(layout: TankLayout, from: number | null, step: TankStep): number | null {
  if (layout.total === 0) return null;
  if (from === null || step === 'first') return 0;
  if (step === 'last') return layout.total - 1;
  if (step === 'left') return Math.max(0, from - 1);
  if (step === 'right') return Math.min(layout.total - 1, from + 1);
  const place = placeOf(layout, from);
  if (place === null) return 0;
  const column = (from - place.box.first) % place.box.perLine;
  const line = place.line + (step === 'down' ? 1 : -1);
  if (line >= 0 && line < place.box.lines) return inLine(place.box, line, column);
  const next = layout.boxes[place.box.index + (step === 'down' ? 1 : -1)];
  if (next === undefined) return from;
  return inLine(next, step === 'down' ? 0 : next.lines - 1, column);
}

function inLine(box: GroupBox, line: number, column: number): number {
  return box.first + Math.min(line * box.perLine + column, box.count - 1);
}
