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
  ledger.add(owner('db'), { lines: 1, bytes: 10 });
  ledger.tellDue();
  expect(events).toEqual([]);
  wallMs += 10_000;
  ledger.tellDue();
  ledger.tellDue();
  expect(events).toMatchObject([
    {
      kind: 'log_withheld',
      severity: 'warning',
      container_name: 'web',
      attributes: { reason: 'quota', withheld_lines: '100', withheld_bytes: '5000' },
    },
    { container_name: 'db', attributes: { withheld_lines: '1' } },
  ]);
  ledger.add(owner('web'), { lines: 3, bytes: 30 });
  ledger.tellAll();
  expect(events).toHaveLength(3);
  expect(new Set(events.map((event) => event.event_id)).size).toBe(3);
  expect(drops.snapshot()).toEqual({ quota_withheld_lines: 104, quota_withheld_bytes: 5040 });
});
