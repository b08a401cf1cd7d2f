import type { ReactNode } from 'react';
import type { FleetSummary } from '@plimsoll/model/api';
import { formatQuantity, quantityText } from '../format/quantity.ts';
import { plusMinus, timeLeft } from '../format/time.ts';
import { Skeleton } from '../ui/skeleton.tsx';
import { stateOfRatio, WaterBar } from '../ui/tank.tsx';

const cellTitles = [
  'Hosts',
  'Containers',
  'Memory of containers',
  'CPU of containers',
  'Leaking',
  'Over the line',
  'First to run out',
];

export function SummaryStrip({ fleet }: { fleet: FleetSummary | undefined }): ReactNode {
  if (fleet === undefined) {
    return (
      <section className="summary" aria-label="Summary" aria-busy="true">
        {cellTitles.map((title) => (
          <div key={title} className="summary-cell">
            <span className="summary-title">{title}</span>
            <div className="summary-value">
              <Skeleton width={72} height={22} />
            </div>
          </div>
        ))}
      </section>
    );
  }
  return (
    <section className="summary" aria-label="Summary">
      <Cell
        title="Hosts"
        value={quantityText(fleet.hosts, 'count')}
        note={fleet.hosts_silent > 0 ? `${fleet.hosts_silent} silent` : ''}
        tone={fleet.hosts_silent > 0 ? 'over' : undefined}
        toneOf="note"
      />
      <Cell
        title="Containers"
        value={quantityText(fleet.containers_running, 'count')}
        note={changeText(fleet.containers_change_1h)}
      />
      <ShareCell
        title="Memory of containers"
        used={fleet.memory_used_bytes}
        total={fleet.memory_total_bytes}
        of={quantityText(fleet.memory_total_bytes, 'bytes')}
      />
      <ShareCell
        title="CPU of containers"
        used={fleet.cpu_used_cores}
        total={fleet.cpu_total_cores}
        of={`${quantityText(fleet.cpu_total_cores, 'count')} cores`}
      />
      <Cell
        title="Leaking"
        value={String(fleet.leaking_causes)}
        note={
          fleet.leaking_causes === 0
            ? 'nothing'
            : `${fleet.leaking_causes === 1 ? 'cause' : 'causes'} · ${quantityText(fleet.leaking_containers, 'count')} ${fleet.leaking_containers === 1 ? 'container' : 'containers'}`
        }
        tone={fleet.leaking_causes > 0 ? 'leaking' : undefined}
      />
      <Cell
        title="Over the line"
        value={quantityText(fleet.containers_over, 'count')}
        note={
          fleet.containers_near > 0
            ? `and ${quantityText(fleet.containers_near, 'count')} near`
            : fleet.containers_over === 1
              ? 'container'
              : 'containers'
        }
        tone={fleet.containers_over > 0 ? 'over' : undefined}
      />
      <FirstToRunOut first={fleet.first_to_run_out} />
    </section>
  );
}

interface CellProps {
  title: string;
  value: ReactNode;
  note?: ReactNode;
  tone?: 'over' | 'leaking' | undefined;
  toneOf?: 'value' | 'note';
  children?: ReactNode;
  className?: string;
  hover?: string;
}

function Cell(props: CellProps): ReactNode {
  const tone = props.tone === undefined ? undefined : `state-text-${props.tone}`;
  return (
    <div className={`summary-cell ${props.className ?? ''}`} title={props.hover}>
      <span className="summary-title">{props.title}</span>
      <div className="summary-value">
        <b className={props.toneOf === 'note' ? undefined : tone}>{props.value}</b>
        {props.note !== undefined && props.note !== '' && (
          <span className={`summary-note ${props.toneOf === 'note' ? (tone ?? '') : ''}`}>
            {props.note}
          </span>
        )}
      </div>
      {props.children}
    </div>
  );
}

function ShareCell({
  title,
  used,
  total,
  of,
}: {
  title: string;
  used: number;
  total: number;
  of: string;
}): ReactNode {
  const ratio = total > 0 ? used / total : null;
  const share = formatQuantity(ratio, 'ratio');
  return (
    <Cell title={title} value={`${share.value} ${share.unit}`} note={total > 0 ? `of ${of}` : ''}>
      <div className="summary-bar">
        <WaterBar ratio={ratio} state={stateOfRatio(ratio)} />
      </div>
    </Cell>
  );
}

function FirstToRunOut({ first }: { first: FleetSummary['first_to_run_out'] }): ReactNode {
  if (first === null)
    return (
      <Cell className="summary-first" title="First to run out" value="–" note="nothing runs out" />
    );
  return (
    <Cell
      className="summary-first"
      title="First to run out"
      value={timeLeft(first.seconds)}
      note={plusMinus(first.low_seconds, first.high_seconds)}
      hover={first.title}
    >
      <div className="summary-what truncate">{first.title}</div>
    </Cell>
  );
}

function changeText(change: number): string {
  if (change === 0) return '';
  return `${change > 0 ? '+' : '−'}${Math.abs(change)} / h`;
}
