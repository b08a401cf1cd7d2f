import { useEffect, useState, type ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { createPortal } from 'react-dom';
import type { FleetTank } from '@plimsoll/model/api';
import { seriesQuery } from '../container/container-queries.ts';
import { Sparkline } from '../charts/sparkline.tsx';
import { quantityText, usedOfText, type Unit } from '../format/quantity.ts';
import { levelOf, type TankMeasure } from './tank-groups.ts';

interface TankTooltipProps {
  tank: FleetTank;
  measure: TankMeasure;
  anchor: { x: number; y: number; height: number };
}

const width = 276;
const estimatedHeight = 210;
/** A pointer that only passes over the grid asks the server for nothing. */
const restMs = 140;

export function TankTooltip({ tank, measure, anchor }: TankTooltipProps): ReactNode {
  const below = anchor.y + anchor.height + estimatedHeight < innerHeight;
  const left = Math.min(Math.max(anchor.x - 40, 8), innerWidth - width - 8);
  const style = below
    ? { left, top: anchor.y + anchor.height + 10, width }
    : { left, bottom: innerHeight - anchor.y + 10, width };
  return createPortal(
    <div className="tank-tooltip" style={style} role="tooltip">
      <div className="tank-tooltip-name truncate">{tank.name}</div>
      <div className="muted truncate">
        {tank.host} · {tank.image}
      </div>
      {tank.why !== '' && <div className={`state-text-${tank.state}`}>{tank.why}</div>}
      <TooltipSeries key={tank.id} tank={tank} />
      <dl className="tank-tooltip-values">
        <Value title="memory" tank={tank} measure="memory" unit="bytes" current={measure} />
        <Value title="CPU" tank={tank} measure="cpu" unit="cores" current={measure} />
        <Value title="processes" tank={tank} measure="pids" unit="count" current={measure} />
        {tank.throttled > 0.005 && (
          <div>
            <dt>throttled</dt>
            <dd>{quantityText(tank.throttled, 'ratio')} of periods</dd>
            <dd />
          </div>
        )}
      </dl>
    </div>,
    document.body,
  );
}

function Value(props: {
  title: string;
  tank: FleetTank;
  measure: TankMeasure;
  unit: Unit;
  current: TankMeasure;
}): ReactNode {
  const { used, limit, ratio } = levelOf(props.tank, props.measure);
  const text = usedOfText(used, limit, props.unit);
  return (
    <div data-current={props.measure === props.current || undefined}>
      <dt>{props.title}</dt>
      <dd>
        {text.used} <span className="muted">{text.rest}</span>
      </dd>
      <dd className="num">{ratio === null ? '' : quantityText(ratio, 'ratio')}</dd>
    </div>
  );
}

function TooltipSeries({ tank }: { tank: FleetTank }): ReactNode {
  const [rested, setRested] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setRested(true), restMs);
    return () => clearTimeout(timer);
  }, []);
  const { data } = useQuery({
    ...seriesQuery(
      tank.id,
      { key: '1h', resolve: () => ({ from: Date.now() - 3_600_000, to: Date.now() }) },
      60,
    ),
    enabled: rested,
    refetchInterval: false,
    staleTime: 30_000,
  });
  const points = data?.series['memory_unreclaimable_bytes'] ?? [];
  return (
    <div className="tank-tooltip-series">
      {points.length > 0 && (
        <Sparkline points={points} limit={tank.mem_limit} state={tank.state} height={34} />
      )}
    </div>
  );
}
