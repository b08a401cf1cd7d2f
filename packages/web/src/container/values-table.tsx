import { useState, type ReactNode } from 'react';
import type { ContainerDetail } from '@plimsoll/model/api';
import { CopyButton } from '../ui/copy-button.tsx';
import { Panel } from '../ui/panel.tsx';
import { Quantity } from '../ui/quantity.tsx';
import { isolationRows } from './isolation.ts';
import { titleOfValue, unitOfValue } from './value-unit.ts';

/** Every value of the newest sample by its name, and what Docker knows of the container. */
export function ValuesTable({ container }: { container: ContainerDetail }): ReactNode {
  const [text, setText] = useState('');
  const needle = text.trim().toLowerCase();
  const values = Object.entries(container.values).filter(
    ([name]) => name.includes(needle) || titleOfValue(name).includes(needle),
  );
  return (
    <div className="container-tables">
      <Panel
        title="All values"
        hint="of the newest sample"
        actions={
          <input
            className="field field-small"
            placeholder="Filter"
            aria-label="Filter the values"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        }
      >
        <dl className="values">
          {values.map(([name, value]) => (
            <div key={name} title={name}>
              <dt className="truncate">{titleOfValue(name)}</dt>
              <dd className="num">
                {unitOfValue(name) === 'bytes' && name.endsWith('limit_bytes') && value === 0 ? (
                  <span className="muted">none</span>
                ) : (
                  <Quantity value={value} unit={unitOfValue(name)} />
                )}
              </dd>
            </div>
          ))}
        </dl>
        {values.length === 0 && <p className="muted">No value has such a name.</p>}
      </Panel>
      <div className="container-texts">
        <RuntimePanel container={container} />
        <IsolationPanel security={container.security} />
      </div>
    </div>
  );
}

function RuntimePanel({ container }: { container: ContainerDetail }): ReactNode {
  return (
    <Panel title="Container" hint="as the runtime describes it">
      <dl className="labels">
        <Row name="id" value={container.id} />
        <Row name="image" value={container.image_id} />
        <Row name="image digest" value={container.image_digest} />
        <Row name="owner" value={container.owner} />
        <Row name="depends on" value={container.depends_on.join(', ')} />
        <Row name="network" value={container.network_mode} />
        <Row name="runtime" value={container.runtime} />
        <Row name="process" value={String(container.pid)} />
        <Row
          name="log"
          value={container.log_path === '' ? container.log_driver : container.log_path}
        />
        {Object.entries(container.labels)
          .sort(([a], [b]) => a.localeCompare(b))
          .map(([name, value]) => (
            <Row key={name} name={name} value={value} />
          ))}
      </dl>
    </Panel>
  );
}

function IsolationPanel({ security }: { security: ContainerDetail['security'] }): ReactNode {
  const { declared, actual } = isolationRows(security);
  if (declared.length + actual.length === 0) return null;
  return (
    <Panel title="Isolation" hint="as declared, and as the kernel gives it">
      <dl className="labels">
        {declared.map((row) => (
          <Row key={row.name} {...row} />
        ))}
        {actual.map((row) => (
          <Row key={row.name} {...row} name={`kernel: ${row.name}`} />
        ))}
      </dl>
    </Panel>
  );
}

function Row({
  name,
  value,
  isOpen = false,
}: {
  name: string;
  value: string;
  isOpen?: boolean;
}): ReactNode {
  if (value === '') return null;
  return (
    <div>
      <dt className="truncate" title={name}>
        {name}
      </dt>
      <dd className={isOpen ? 'mono truncate is-open' : 'mono truncate'} title={value}>
        {value}
      </dd>
      <CopyButton label={`Copy ${name}`} text={() => value} />
    </div>
  );
}
