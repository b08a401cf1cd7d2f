import type { ReactNode } from 'react';
import type { LoadState } from '@plimsoll/model/api';

interface TankProps {
  /** Used over limit; null without a limit, then the tank is open at the top. */
  ratio: number | null;
  state: LoadState;
  width?: number;
  height?: number;
}

/** The waterline as a small drawing; the grid draws the same on canvas (`fleet/tank-painter.ts`). */
export function Tank({ ratio, state, width = 11, height = 25 }: TankProps): ReactNode {
  const inner = height - 4;
  const level = ratio === null ? 0.35 : Math.min(Math.max(ratio, 0), 1);
  const water = Math.max(level * inner, level > 0 ? 1 : 0);
  const over = state === 'over';
  return (
    <svg
      className={`tank tank-${state}`}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
    >
      <rect className="tank-wall" x="0.5" y="1.5" width={width - 1} height={height - 2} rx="2" />
      <rect
        className={ratio === null ? 'tank-water tank-open' : 'tank-water'}
        x="2"
        y={height - 2 - water}
        width={width - 4}
        height={water}
        rx="1"
      />
      {ratio !== null && (
        <path className="tank-limit" d={`M0 1.5h${width}`} strokeWidth={over ? 3 : 1.5} />
      )}
      {state === 'leaking' && <LeakMark width={width} surface={height - 2 - water} />}
    </svg>
  );
}

/** Points up: above the water where there is room, else inside it. */
function LeakMark({ width, surface }: { width: number; surface: number }): ReactNode {
  const size = width * 0.5;
  const inside = surface < size + 4;
  const top = inside ? surface + 2 : surface - size;
  return (
    <path
      className={inside ? 'tank-mark' : 'tank-mark tank-mark-above'}
      d={`M${width / 2} ${top}l${size / 2} ${size * 0.8}h-${size}z`}
    />
  );
}

/** A tank lying down, for table cells: water from the left, the limit at the right end. */
export function WaterBar({ ratio, state }: { ratio: number | null; state: LoadState }): ReactNode {
  const share = ratio === null ? 0 : Math.min(Math.max(ratio, 0), 1);
  return (
    <span
      className={`water-bar water-bar-${state}`}
      data-open={ratio === null || undefined}
      aria-hidden="true"
    >
      <span style={{ width: `${share * 100}%` }} />
    </span>
  );
}

/** Where a plain share of a limit stands: the same borders as the server's for containers. */
export function stateOfRatio(ratio: number | null): LoadState {
  if (ratio === null || ratio < 0.9) return 'within';
  return ratio < 0.98 ? 'near' : 'over';
}

/** A quota of CPU can be reached but not crossed: at the most the work is held back. */
export function stateOfCpu(ratio: number | null): LoadState {
  return ratio === null || ratio < 0.95 ? 'within' : 'near';
}

export const stateTitles: Record<LoadState, string> = {
  within: 'within',
  near: 'near or throttled',
  over: 'over the line',
  leaking: 'leaking',
};
