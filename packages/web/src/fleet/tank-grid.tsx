import {
  useEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
} from 'react';
import { Link, useNavigate } from '@tanstack/react-router';
import type { FleetTank } from '@plimsoll/model/api';
import { quantityText } from '../format/quantity.ts';
import { rangeOnly } from '../url/search-params.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { useCommand } from '../shell/command-bus.ts';
import { stateTitles } from '../ui/tank.tsx';
import { levelOf, type Grouping, type TankGroup, type TankMeasure } from './tank-groups.ts';
import {
  hitTank,
  layoutTanks,
  placeOf,
  stepTank,
  visibleBoxes,
  type TankLayout,
  type TankStep,
} from './tank-layout.ts';
import { TankTooltip } from './tank-tooltip.tsx';
import { useTankCanvas, type TankScene } from './use-tank-canvas.ts';
import { useElementSize } from '../ui/use-element-size.ts';

interface TankGridProps {
  groups: readonly TankGroup[];
  grouping: Grouping;
  measure: TankMeasure;
  /** Host → bytes: what a container without a limit is measured against. */
  hostMemory: ReadonlyMap<string, number>;
}

interface PointedTank {
  index: number;
  anchor: { x: number; y: number; height: number };
}

const stepKeys: Record<string, TankStep> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
  Home: 'first',
  End: 'last',
};

export function TankGrid({ groups, grouping, measure, hostMemory }: TankGridProps): ReactNode {
  const viewport = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [focus, setFocus] = useState<PointedTank | null>(null);
  const [hover, setHover] = useState<PointedTank | null>(null);
  const focused = focus?.index ?? null;
  const hovered = hover?.index ?? null;
  const size = useElementSize(viewport);
  const layout = useMemo(
    () =>
      layoutTanks(
        groups.map((group) => group.tanks.length),
        size.width,
        groups.reduce((longest, group) => Math.max(longest, group.key.length), 0),
      ),
    [groups, size.width],
  );
  const tanks = useMemo(() => groups.flatMap((group) => group.tanks), [groups]);
  const scene = useMemo<TankScene>(
    () => ({ layout, groups, focused, hovered, levelAt: levelReader(measure, hostMemory) }),
    [layout, groups, focused, hovered, measure, hostMemory],
  );
  useTankCanvas(canvas, viewport, scene);
  const open = useOpenContainer();
  const move = (step: TankStep): void => {
    const next = stepTank(layout, focused, step);
    if (next !== null) scrollToTank(viewport.current, layout, next);
    setFocus(pointAt(viewport.current, layout, next));
  };
  const openFocused = (): void => {
    const tank = focused === null ? undefined : tanks[focused];
    if (tank !== undefined) open(tank);
  };
  useCommand('next', () => move('down'));
  useCommand('previous', () => move('up'));
  useCommand('open', openFocused);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = stepKeys[event.key];
    if (step !== undefined) move(step);
    else if (event.key === 'Enter') openFocused();
    else if (event.key === 'Escape') setFocus(null);
    else return;
    event.preventDefault();
  };
  const indexAt = (event: PointerEvent | React.MouseEvent): number | null => {
    const element = viewport.current;
    if (element === null) return null;
    const box = element.getBoundingClientRect();
    return hitTank(layout, event.clientX - box.left, event.clientY - box.top + element.scrollTop);
  };
  const shown = hover ?? focus;
  const shownTank = shown === null ? undefined : tanks[shown.index];
  return (
    <div
      className="tank-viewport"
      ref={viewport}
      tabIndex={0}
      role="application"
      aria-roledescription="grid of tanks"
      aria-label={`${quantityText(layout.total, 'count')} containers against their limits, worst first. Arrow keys move, Enter opens.`}
      style={{ cursor: hovered === null ? undefined : 'pointer' }}
      onKeyDown={onKeyDown}
      onPointerMove={(event) => {
        const index = event.pointerType === 'touch' ? null : indexAt(event);
        if (index !== hovered) setHover(pointAt(viewport.current, layout, index));
      }}
      onPointerLeave={() => setHover(null)}
      onClick={(event) => {
        const index = indexAt(event);
        const tank = index === null ? undefined : tanks[index];
        if (tank !== undefined) open(tank);
      }}
      onBlur={() => setFocus(null)}
    >
      <div className="tank-canvas">
        <canvas ref={canvas} aria-hidden="true" />
      </div>
      <GroupLabels layout={layout} groups={groups} grouping={grouping} viewport={viewport} />
      {shown !== null && shownTank !== undefined && (
        <TankTooltip tank={shownTank} measure={measure} anchor={shown.anchor} />
      )}
      <div className="sr-only" role="status">
        {focused === null || shownTank === undefined
          ? ''
          : `${shownTank.name}, ${stateTitles[shownTank.state]}. ${shownTank.why}`}
      </div>
    </div>
  );
}

function levelReader(
  measure: TankMeasure,
  hostMemory: ReadonlyMap<string, number>,
): TankScene['levelAt'] {
  return (group, within) => {
    const tank = group.tanks[within];
    if (tank === undefined) return { level: 0, open: true };
    const level = levelOf(tank, measure);
    if (level.ratio !== null) return { level: level.ratio, open: false };
    const host = measure === 'memory' ? (hostMemory.get(tank.host) ?? 0) : 0;
    return { level: host > 0 ? level.used / host : 0, open: true };
  };
}

function useOpenContainer(): (tank: FleetTank) => void {
  const navigate = useNavigate();
  const [params] = useSearchState();
  return (tank) =>
    void navigate({ to: '/container', search: { ...rangeOnly(params), id: tank.id } });
}

function scrollToTank(viewport: HTMLElement | null, layout: TankLayout, tank: number): void {
  const place = placeOf(layout, tank);
  if (viewport === null || place === null) return;
  const margin = 12;
  const bottom = place.y + layout.metrics.tankHeight;
  if (place.y - margin < viewport.scrollTop)
    viewport.scrollTop = place.y - margin - (layout.narrow ? 30 : 0);
  else if (bottom + margin > viewport.scrollTop + viewport.clientHeight) {
    viewport.scrollTop = bottom + margin - viewport.clientHeight;
  }
}

/** Which tank, and where on the screen its tooltip belongs. */
function pointAt(
  viewport: HTMLElement | null,
  layout: TankLayout,
  index: number | null,
): PointedTank | null {
  const place = index === null ? null : placeOf(layout, index);
  if (viewport === null || place === null || index === null) return null;
  const box = viewport.getBoundingClientRect();
  const x = box.left + place.x + layout.metrics.tankWidth / 2;
  const y = box.top + place.y - viewport.scrollTop;
  return { index, anchor: { x, y, height: layout.metrics.tankHeight } };
}

interface GroupLabelsProps {
  layout: TankLayout;
  groups: readonly TankGroup[];
  grouping: Grouping;
  viewport: React.RefObject<HTMLDivElement | null>;
}

/** Names stay text: they can be read aloud, selected and followed. Only those in sight exist. */
function GroupLabels({ layout, groups, grouping, viewport }: GroupLabelsProps): ReactNode {
  const [window, setWindow] = useState({ top: 0, bottom: 1000 });
  const [params] = useSearchState();
  useEffect(() => {
    const element = viewport.current;
    if (element === null) return undefined;
    const page = 200;
    const update = (): void => {
      const top = Math.floor(element.scrollTop / page) * page - page;
      setWindow((old) =>
        old.top === top ? old : { top, bottom: top + element.clientHeight + 3 * page },
      );
    };
    element.addEventListener('scroll', update, { passive: true });
    return () => element.removeEventListener('scroll', update);
  }, [viewport]);
  return (
    <div className="tank-labels" style={{ height: layout.height }}>
      {visibleBoxes(layout, window.top, window.bottom).map((box) => {
        const group = groups[box.index];
        if (group === undefined) return null;
        return (
          <div
            key={group.key}
            className="tank-group"
            style={{ transform: `translateY(${box.y}px)`, height: box.height }}
          >
            <div className="tank-label" style={{ width: layout.labelWidth }}>
              <div className="tank-label-name">
                <Link
                  to="/containers"
                  search={{ ...rangeOnly(params), [grouping]: group.key }}
                  className="truncate"
                  title={group.key}
                  onClick={(event) => event.stopPropagation()}
                >
                  {group.key === '' ? 'without a name' : group.key}
                </Link>
                <span className="muted">{group.tanks.length}</span>
              </div>
              {group.note !== '' && (
                <div
                  className={`tank-label-note truncate state-text-${group.state}`}
                  title={group.note}
                >
                  {group.note}
                </div>
              )}
            </div>
          </div>
        );
      })}
    </div>
  );
}
