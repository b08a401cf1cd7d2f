import type { LoadState } from '@plimsoll/model/api';
import type { Palette } from '../theme/palette.ts';

/** One tank to draw: its place in CSS pixels and how full it is. */
export interface DrawnTank {
  x: number;
  y: number;
  /** 0…1; above 1 is drawn full. */
  level: number;
  /** Without a limit there is no line on top, and the water is pale. */
  open: boolean;
}

export type TanksByState = Record<LoadState, DrawnTank[]>;

const states: readonly LoadState[] = ['within', 'near', 'leaking', 'over'];

interface Size {
  width: number;
  height: number;
}

/** What all drawing needs. */
export interface Brush {
  context: CanvasRenderingContext2D;
  size: Size;
  palette: Palette;
}

/** Draws all tanks of one state with a handful of path operations: that is what makes it quick. */
export function paintTanks(brush: Brush, tanks: TanksByState): void {
  const { palette } = brush;
  for (const state of states) {
    const list = tanks[state];
    if (list.length === 0) continue;
    const isWithin = state === 'within';
    paintWalls(brush, list, isWithin ? palette.tank : palette[state]);
    paintWater(brush, list, isWithin ? palette.water : palette[state]);
    const limit = isWithin ? palette.limit : palette[state];
    paintLimits(brush, list, { colour: limit, width: state === 'over' ? 3 : 1.5 });
    if (state === 'leaking') paintMarks(brush, list);
  }
}

function paintWalls({ context, size }: Brush, tanks: DrawnTank[], colour: string): void {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (const tank of tanks) {
    const left = tank.x + 0.5;
    const right = tank.x + size.width - 0.5;
    const bottom = tank.y + size.height - 0.5;
    context.moveTo(left, tank.y + 1);
    context.lineTo(left, bottom - 1.5);
    context.quadraticCurveTo(left, bottom, left + 1.5, bottom);
    context.lineTo(right - 1.5, bottom);
    context.quadraticCurveTo(right, bottom, right, bottom - 1.5);
    context.lineTo(right, tank.y + 1);
  }
  context.stroke();
}

function paintWater({ context, size, palette }: Brush, tanks: DrawnTank[], colour: string): void {
  for (const open of [false, true]) {
    context.fillStyle = open ? palette.waterPale : colour;
    context.beginPath();
    for (const tank of tanks) {
      if (tank.open !== open || tank.level <= 0) continue;
      const height = waterHeight(tank.level, size);
      context.rect(tank.x + 2, tank.y + size.height - 2 - height, size.width - 4, height);
    }
    context.fill();
  }
}

function waterHeight(level: number, size: Size): number {
  return Math.max(1, Math.min(level, 1) * (size.height - 4));
}

function paintLimits(
  { context, size }: Brush,
  tanks: DrawnTank[],
  line: { colour: string; width: number },
): void {
  context.strokeStyle = line.colour;
  context.lineWidth = line.width;
  context.beginPath();
  for (const tank of tanks) {
    if (tank.open) continue;
    context.moveTo(tank.x, tank.y + 1);
    context.lineTo(tank.x + size.width, tank.y + 1);
  }
  context.stroke();
}

/** A mark that points up: above the water where there is room, else in it. */
function paintMarks({ context, size, palette }: Brush, tanks: DrawnTank[]): void {
  const half = size.width * 0.25;
  for (const inside of [true, false]) {
    context.fillStyle = inside ? palette.mark : palette.leaking;
    context.beginPath();
    for (const tank of tanks) {
      const surface = tank.y + size.height - 2 - waterHeight(tank.level, size);
      if (surface - tank.y < half * 2 + 4 !== inside) continue;
      const top = inside ? surface + 2 : surface - half * 2 - 0.5;
      const middle = tank.x + size.width / 2;
      context.moveTo(middle, top);
      context.lineTo(middle + half, top + half * 1.6);
      context.lineTo(middle - half, top + half * 1.6);
      context.closePath();
    }
    context.fill();
  }
}

/** The frame around the tank under the pointer or the keyboard. */
export function paintFocus(
  { context, size }: Brush,
  tank: { x: number; y: number },
  colour: string,
): void {
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.beginPath();
  context.roundRect(tank.x - 2.5, tank.y - 3, size.width + 5, size.height + 6, 4);
  context.stroke();
}
