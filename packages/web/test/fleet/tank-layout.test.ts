import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  hitTank,
  layoutTanks,
  placeOf,
  stepTank,
  visibleBoxes,
  visibleSpan,
} from '../../src/fleet/tank-layout.ts';

const counts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 40 });
const widths = fc.integer({ min: 200, max: 1600 });

describe('the layout of tanks', () => {
  test('finds each tank where it was placed', () => {
    fc.assert(
      fc.property(counts, widths, fc.nat(), (groups, width, pick) => {
        const layout = layoutTanks(groups, width);
        const tank = pick % layout.total;
        const place = placeOf(layout, tank);
        expect(place).not.toBeNull();
        expect(hitTank(layout, (place?.x ?? 0) + 1, (place?.y ?? 0) + 1)).toBe(tank);
      }),
    );
  });

  test('gives long names the room that few tanks leave, and no more than they need', () => {
    expect(layoutTanks([2, 1], 780, 8).boxes[0]?.tanksX).toBe(252);
    expect(layoutTanks([2, 1], 780, 40).boxes[0]?.tanksX).toBe(352);
    expect(layoutTanks([2, 1], 780, 400).boxes[0]?.tanksX).toBe(380);
    expect(layoutTanks([300, 1], 780, 400).boxes[0]?.tanksX).toBe(252);
  });

  test('never lets a line run out of its width', () => {
    fc.assert(
      fc.property(counts, widths, (groups, width) => {
        const layout = layoutTanks(groups, width);
        for (const box of layout.boxes) {
          const right =
            box.tanksX +
            box.perLine * (layout.metrics.tankWidth + layout.metrics.gap) -
            layout.metrics.gap;
          expect(box.perLine === 1 || right <= width).toBe(true);
        }
      }),
    );
  });

  test('draws only what is in sight, and all of it', () => {
    const layout = layoutTanks([500, 500, 3000, 1000], 900);
    const [top, bottom] = [700, 1300];
    const drawn = new Set<number>();
    for (const box of visibleBoxes(layout, top, bottom)) {
      const [first, end] = visibleSpan(layout, box, { top, bottom });
      for (let within = first; within < end; within += 1) drawn.add(box.first + within);
    }
    const inSight = Array.from({ length: layout.total }, (_, tank) => tank).filter((tank) => {
      const place = placeOf(layout, tank);
      return place !== null && place.y + layout.metrics.tankHeight > top && place.y < bottom;
    });
    expect(inSight.length).toBeGreaterThan(500);
    expect(inSight.filter((tank) => !drawn.has(tank))).toEqual([]);
    expect(drawn.size).toBeLessThan(2200);
  });

  test('hits nothing beside the tanks', () => {
    const layout = layoutTanks([3], 900);
    expect(hitTank(layout, 10, 20)).toBeNull();
    expect(hitTank(layout, 880, 20)).toBeNull();
    expect(hitTank(layout, 400, 5000)).toBeNull();
  });

  test('keeps the column when the keyboard goes up and down', () => {
    const layout = layoutTanks([10, 4, 10], 900);
    expect(stepTank(layout, null, 'right')).toBe(0);
    expect(stepTank(layout, 2, 'down')).toBe(12);
    expect(stepTank(layout, 8, 'down')).toBe(13);
    expect(stepTank(layout, 13, 'down')).toBe(17);
    expect(stepTank(layout, 12, 'up')).toBe(2);
    expect(stepTank(layout, 0, 'up')).toBe(0);
    expect(stepTank(layout, 0, 'last')).toBe(23);
    expect(stepTank(layout, 0, 'left')).toBe(0);
  });
});
