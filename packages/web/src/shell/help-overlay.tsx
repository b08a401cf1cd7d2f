import { Fragment, type ReactNode } from 'react';
import { Modal } from '@mantine/core';
import { Tank, stateTitles } from '../ui/tank.tsx';
import { keyHelp } from './key-commands.ts';

export function HelpOverlay({
  opened,
  onClose,
}: {
  opened: boolean;
  onClose: () => void;
}): ReactNode {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={<b>Keys and signs</b>}
      size="lg"
      transitionProps={{ duration: 80 }}
    >
      <dl className="help-keys">
        {keyHelp.map((entry) => (
          <div key={entry.does}>
            <dt>
              {entry.keys.map((key, index) => (
                <Fragment key={key}>
                  {index > 0 && <span className="muted"> or </span>}
                  <kbd>{key}</kbd>
                </Fragment>
              ))}
            </dt>
            <dd>{entry.does}</dd>
          </div>
        ))}
      </dl>
      <h3 className="help-heading">The waterline</h3>
      <ul className="help-tanks">
        <li>
          <Tank ratio={0.45} state="within" /> {stateTitles.within}: the line on top is the limit,
          the water what is used
        </li>
        <li>
          <Tank ratio={0.88} state="near" /> {stateTitles.near}: more than 90 % full, or CPU held
          back
        </li>
        <li>
          <Tank ratio={1} state="over" /> {stateTitles.over}: at its limit, or killed for memory
        </li>
        <li>
          <Tank ratio={0.55} state="leaking" /> {stateTitles.leaking}: rises without coming back;
          time left is in front
        </li>
        <li>
          <Tank ratio={null} state="within" /> no limit set: open at the top, measured against its
          host
        </li>
      </ul>
    </Modal>
  );
}
