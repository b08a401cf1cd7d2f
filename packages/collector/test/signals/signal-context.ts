import type { EventRow } from '@plimsoll/model';
import { hostLabels } from '@plimsoll/model';
import { type Clock, silentLogger, systemClock } from '@plimsoll/runtime';
import type { SignalContext } from '../../src/signals/signal.ts';
import { makeTarget, type Target } from '../../src/target.ts';

/** A context that collects events; containers can be changed while it is in use. */
export function testContext(clock: Clock = systemClock): SignalContext & {
  events: EventRow[];
  containers: Target[];
} {
  const events: EventRow[] = [];
  const containers: Target[] = [];
  return {
    tenant: 'default',
    host: 'testhost',
    clock,
    logger: silentLogger(),
    targets: () => containers,
    onEvent: (event) => events.push(event),
    events,
    containers,
  };
}

/** A container that runs, named by one hexadecimal digit. */
export function container(digit: string, known: Partial<Target> = {}): Target {
  const dockerId = digit.repeat(64);
  return makeTarget({
    dockerId,
    labels: {
      ...hostLabels('default', 'testhost'),
      container_id: dockerId,
      container_name: `container-${digit}`,
    },
    state: 'running',
    ...known,
  });
}
