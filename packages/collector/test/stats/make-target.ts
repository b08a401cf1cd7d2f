import { hostLabels } from '@plimsoll/model';
import { makeTarget as makeUnknown, type Target } from '../../src/target.ts';

/** A running container with nothing set but what is given. */
export function makeTarget(given: Partial<Target> & { dockerId: string }): Target {
  return makeUnknown({
    labels: { ...hostLabels('default', 'host-1'), container_id: given.dockerId },
    state: 'running',
    pid: 999_999_999,
    startedAtMs: Date.UTC(2026, 0, 31, 23, 59, 59, 123),
    ...given,
  });
}
