import type { Finding } from '@plimsoll/collector';
import { configSchema, createLogger, ManualClock } from '@plimsoll/runtime';
import { expect, test } from 'vitest';
import { AccessReport } from '../../src/compose/access-report.ts';

const kernelLog: Finding = {
  subject: 'kernel log',
  level: 'warn',
  message: '/dev/kmsg may not be read (EPERM)',
  lost: 'OOM kills',
  remedy: 'give CAP_SYSLOG',
};
const fine: Finding = { subject: 'Docker', level: 'ok', message: '28', lost: '', remedy: '' };

function world(findings: Finding[]) {
  const lines: Record<string, unknown>[] = [];
  const clock = new ManualClock();
  const report = new AccessReport({
    config: configSchema.parse({}).collector,
    dataDir: '/nowhere',
    logger: createLogger({
      format: 'json',
      destination: { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
    }),
    clock,
    check: () => Promise.resolve([...findings]),
  });
  return { report, lines, clock };
}

test('what is missing is logged once, with what is not collected and what to do', async () => {
  const { report, lines } = world([fine, kernelLog]);
  await report.look();
  await report.look();
  expect(lines).toMatchObject([
    { subject: 'kernel log', notCollected: 'OOM kills', remedy: 'give CAP_SYSLOG' },
  ]);
});

test('it is a reason, and no failure: a restart would mend nothing', async () => {
  const { report } = world([fine, kernelLog]);
  await report.look();
  expect(report.result()).toEqual({
    ok: true,
    reason:
      'kernel log: /dev/kmsg may not be read (EPERM); not collected: OOM kills; what to do: give CAP_SYSLOG',
  });
});

test('what was mended is no reason any more, a minute later', async () => {
  const findings = [kernelLog];
  const { report, clock } = world(findings);
  await report.look();
  findings.length = 0;
  expect(report.result().reason).toBeDefined();
  await clock.advance(61_000);
  report.result();
  await expect.poll(() => report.result()).toEqual({ ok: true });
});
