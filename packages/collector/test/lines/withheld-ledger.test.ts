import { hostLabels, type EventRow } from '@plimsoll/model';
import { expect, test } from 'vitest';
import { DropLedger } from '../../src/drops.ts';
import { WithheldLedger } from '../../src/lines/withheld-ledger.ts';

const owner = (name: string) => ({
  labels: { ...hostLabels('default', 'host-a'), container_name: name, container_id: name },
  dockerLabels: {},
});

test('one event for each container and minute, and the sums in the loss ledger', () => {
  const events: EventRow[] = [];
  const drops = new DropLedger();
  let wallMs = Date.UTC(2026, 0, 15, 9, 0, 1);
  const ledger = new WithheldLedger({
    drops,
    wallMs: () => wallMs,
    onEvent: (event) => events.push(event),
  });
  for (let second = 0; second < 50; second += 1) {
    ledger.add(owner('web'), { lines: 2, bytes: 100 });
    wallMs += 1000;
  }
  // That it has begun is told after a second, the rest when the minute is over.
  expect(events).toMatchObject([
    {
      kind: 'log_withheld',
      severity: 'warning',
      container_name: 'web',
      attributes: { reason: 'quota', withheld_lines: '2', withheld_bytes: '100' },
    },
  ]);
  ledger.add(owner('db'), { lines: 1, bytes: 10 });
  wallMs += 10_000;
  ledger.tellDue();
  ledger.tellDue();
  expect(events.slice(1)).toMatchObject([
    { container_name: 'web', attributes: { withheld_lines: '98', withheld_bytes: '4900' } },
    { container_name: 'db', attributes: { withheld_lines: '1' } },
  ]);
  ledger.add(owner('web'), { lines: 3, bytes: 30 });
  ledger.tellAll();
  expect(events).toHaveLength(4);
  expect(new Set(events.map((event) => event.event_id)).size).toBe(4);
  expect(drops.snapshot()).toEqual({ quota_withheld_lines: 104, quota_withheld_bytes: 5040 });
});

test('while it goes on there is one event a minute; after a quiet time it begins anew', () => {
  const events: EventRow[] = [];
  let wallMs = Date.UTC(2026, 0, 15, 9, 0, 0);
  const ledger = new WithheldLedger({
    drops: new DropLedger(),
    wallMs: () => wallMs,
    onEvent: (event) => events.push(event),
  });
  const run = (seconds: number, withholds: boolean): number => {
    const before = events.length;
    for (let second = 0; second < seconds; second += 1) {
      if (withholds) ledger.add(owner('web'), { lines: 1, bytes: 10 });
      wallMs += 1000;
      ledger.tellDue();
    }
    return events.length - before;
  };
  expect(run(300, true)).toBe(6);
  expect(run(300, false)).toBe(0);
  expect(run(2, true)).toBe(1);
});
