import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventRow } from '@plimsoll/model';
import { ManualClock, silentLogger } from '@plimsoll/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { targetRow } from '../../src/discovery/target-row.ts';
import { SecurityProbe, type SecurityProbeOptions } from '../../src/security/security-probe.ts';
import type { Target } from '../../src/target.ts';
import { makeTarget } from '../stats/make-target.ts';
import { ProcTree } from './proc-tree.ts';

const declared = { privileged: 'false', seccomp: 'default', no_new_privileges: 'true' };
let folder: string;
let proc: ProcTree;
let clock: ManualClock;
let targets: Target[];
let events: EventRow[];
let told: Target[];
let probe: SecurityProbe;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-probe-'));
  proc = new ProcTree(folder);
  clock = new ManualClock(1_767_225_700_000);
  targets = [];
  events = [];
  told = [];
  probe = make({});
});
afterEach(async () => {
  await probe.stop();
  rmSync(folder, { recursive: true, force: true });
});

function make(options: Partial<SecurityProbeOptions>): SecurityProbe {
  return new SecurityProbe({
    proc: folder,
    clock,
    logger: silentLogger(),
    targets: () => targets,
    onEvent: (event) => events.push(event),
    onActual: (target) => told.push(target),
    ...options,
  });
}

function container(pid: number, given: Partial<Target> = {}): Target {
  return makeTarget({ dockerId: pid.toString(16).padStart(64, '0'), pid, ...given });
}

test('a container is looked at two seconds after it started, and its row told of anew', async () => {
  proc.write(50, { seccomp: '0' });
  const target = container(50);
  targets.push(target);
  probe.start();
  await clock.advance(1000);
  expect(probe.actualOf(target)).toEqual({});
  await clock.advance(1000);
  expect(probe.actualOf(target)).toMatchObject({ actual_seccomp: 'disabled' });
  expect(told).toEqual([target]);
  const row = targetRow({ ...target, security: declared }, 0, probe.actualOf(target));
  expect(row.security).toMatchObject({ seccomp: 'default', actual_seccomp: 'disabled' });
  // Nothing changed: nothing is told.
  await clock.advance(20 * 60_000);
  expect(told).toHaveLength(1);
});

test('less isolation than declared is told once per life of the container', async () => {
  proc.write(50, { seccomp: '0', noNewPrivs: '0' });
  targets.push(container(50, { security: declared }));
  probe.start();
  await clock.advance(30 * 60_000);
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({
    kind: 'security_mismatch',
    severity: 'warning',
    container_id: targets[0]?.dockerId,
    attributes: {
      mismatches: 'no_new_privileges,seccomp',
      declared_seccomp: 'default',
      actual_seccomp: 'disabled',
      declared_no_new_privileges: 'true',
      actual_no_new_privileges: 'false',
    },
  });
  // The same id from another run of the collector.
  const again = make({});
  again.start();
  await clock.advance(5000);
  await again.stop();
  expect(events[1]?.event_id).toBe(events[0]?.event_id);
  // It starts again.
  targets = [container(50, { security: declared, startedAtMs: clock.now() })];
  await clock.advance(5000);
  expect(events).toHaveLength(3);
  expect(events[2]?.event_id).not.toBe(events[0]?.event_id);
});

test('a container that changes during its life is seen at the next look', async () => {
  proc.write(50, {});
  const target = container(50, { security: { privileged: 'false', seccomp: 'default' } });
  targets.push(target);
  probe.start();
  await clock.advance(5000);
  proc.write(50, { capabilities: '000001ffffffffff' });
  await clock.advance(10 * 60_000);
  expect(events.map(({ attributes }) => attributes['mismatches'])).toEqual(['capabilities']);
});

test('looks are spread: no more than so many in a second', async () => {
  await probe.stop();
  probe = make({ maxLooksPerSecond: 2 });
  for (let pid = 100; pid < 106; pid += 1) {
    proc.write(pid, {});
    targets.push(container(pid));
  }
  probe.start();
  await clock.advance(2000);
  const seen: number[] = [told.length];
  for (let second = 0; second < 3; second += 1) {
    await clock.advance(1000);
    seen.push(told.length);
  }
  expect(seen).toEqual([2, 4, 6, 6]);
});

test('a proc without the processes of containers is said, once they are missed again and again', async () => {
  targets.push(container(50), container(51));
  probe.start();
  await clock.advance(3000);
  expect(probe.missing()).toEqual([]);
  await clock.advance(60_000);
  expect(probe.missing()).toEqual([expect.stringContaining("none of the containers' processes")]);
  proc.write(50, {});
  proc.write(51, {});
  await clock.advance(10 * 60_000);
  expect(probe.missing()).toEqual([]);
});

test('a file that cannot be read is named, with what then is not known', async () => {
  proc.write(50, {});
  rmSync(join(folder, '50/uid_map'));
  targets.push(container(50));
  probe.start();
  await clock.advance(3000);
  expect(probe.missing()).toEqual([expect.stringMatching(/uid_map.*not known: user namespaces/)]);
});

test('a container that ended is forgotten', async () => {
  proc.write(50, {});
  const target = container(50);
  targets.push(target);
  probe.start();
  await clock.advance(3000);
  targets = [];
  await clock.advance(1000);
  expect(probe.actualOf(target)).toEqual({});
  expect(probe.missing()).toEqual([]);
});
