import { useCallback, useEffect, useLayoutEffect, useRef, type RefObject } from 'react';
import { usePalette } from '../theme/palette.ts';
import { paintFocus, paintTanks, type DrawnTank, type TanksByState } from './tank-painter.ts';
import { placeOf, visibleBoxes, visibleSpan, type TankLayout } from './tank-layout.ts';
import type { TankGroup } from './tank-groups.ts';

export interface TankScene {
  layout: TankLayout;
  groups: readonly TankGroup[];
  levelAt: (group: TankGroup, within: number) => { level: number; open: boolean };
  focused: number | null;
  hovered: number | null;
}

/**
 * Keeps one canvas, as large as the viewport, painted with what is scrolled into it. It is painted
 * at most once per frame, and only after something changed.
 */
export function useTankCanvas(
  canvas: RefObject<HTMLCanvasElement | null>,
  viewport: RefObject<HTMLElement | null>,
  scene: TankScene,
): () => void {
  const palette = usePalette();
  const latest = useRef({ scene, palette });
  const frame = useRef(0);
  const invalidate = useCallback(() => {
    if (frame.current !== 0) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      if (canvas.current === null || viewport.current === null) return;
      const started = performance.now();
      paint(canvas.current, viewport.current, latest.current);
      performance.measure('plimsoll-tanks', { start: started, end: performance.now() });
    });
  }, [canvas, viewport]);
  useLayoutEffect(() => {
    latest.current = { scene, palette };
    invalidate();
  }, [scene, palette, invalidate]);
  useEffect(() => {
    const element = viewport.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(invalidate);
    observer.observe(element);
    element.addEventListener('scroll', invalidate, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', invalidate);
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, [viewport, invalidate]);
  return invalidate;
}

function paint(
  canvas: HTMLCanvasElement,
  viewport: HTMLElement,
  { scene, palette }: { scene: TankScene; palette: ReturnType<typeof usePalette> },
): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const ratio = devicePixelRatio;
  const width = viewport.clientWidth;
  const height = viewport.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const top = viewport.scrollTop;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.translate(0, -top);
  const { layout } = scene;
  const size = { width: layout.metrics.tankWidth, height: layout.metrics.tankHeight };
  const brush = { context, size, palette };
  paintTanks(brush, collectTanks(scene, top, top + height));
  for (const index of [scene.hovered, scene.focused]) {
    const place = index === null ? null : placeOf(layout, index);
    const colour = index === scene.focused ? palette.focus : palette.text3;
    if (place !== null) paintFocus(brush, place, colour);
  }
}

function collectTanks(scene: TankScene, top: number, bottom: number): TanksByState {
  const drawn: TanksByState = { within: [], near: [], leaking: [], over: [] };
  const { tankWidth, tankHeight, gap, lineGap } = scene.layout.metrics;
  for (const box of visibleBoxes(scene.layout, top, bottom)) {
    const group = scene.groups[box.index];
    if (group === undefined) continue;
    const [first, end] = visibleSpan(scene.layout, box, { top, bottom });
    for (let within = first; within < end; within += 1) {
      const tank = group.tanks[within];
      if (tank === undefined) continue;
      const place: DrawnTank = {
        x: box.tanksX + (within % box.perLine) * (tankWidth + gap),
        y: box.tanksY + Math.floor(within / box.perLine) * (tankHeight + lineGap),
        ...scene.levelAt(group, within),
      };
      drawn[tank.state].push(place);
    }
  }
  return drawn;
}
