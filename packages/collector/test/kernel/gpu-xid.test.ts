import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { hostLabels } from '@plimsoll/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { containerOfProcess } from '../../src/kernel/container-of-path.ts';
import { meaningOfXid, parseXid } from '../../src/kernel/gpu-xid.ts';
import { kernelEvent, type KernelEventContext } from '../../src/kernel/kernel-event.ts';
import { matchKernelPattern } from '../../src/kernel/kernel-patterns.ts';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20_260_131);
const id = 'ab'.repeat(32);
const labels = { ...hostLabels('default', 'h'), container_id: id, container_name: 'train' };

const context: KernelEventContext = {
  tenant: 'default',
  host: 'h',
  bootId: 'boot',
  bootTimeMs: 1_800_000_000_000,
  labelsOf: (containerId) => (containerId === id ? labels : undefined),
  containerOfProcess: ({ pid }) => (pid === 2323 ? id : undefined),
};

function event(text: string): ReturnType<typeof kernelEvent> {
  const finding = matchKernelPattern(text);
  if (!finding) throw new Error(`expected a pattern for ${text}`);
  const record = { level: 3, facility: 0, sequence: 7, microseconds: 5_000_000, text, fields: {} };
  return kernelEvent(record, finding, context);
}

describe('errors of GPUs in the kernel log', () => {
  it.each([
    [
      'NVRM: Xid (PCI:0000:3b:00): 79, pid=2323, name=python, GPU has fallen off the bus.',
      { number: 79, device: '0000:3b:00', pid: 2323, process: 'python' },
    ],
    [
      "NVRM: Xid (PCI:0000:65:00): 48, pid='<unknown>', name=<unknown>, DBE at FBHUB",
      { number: 48, device: '0000:65:00', pid: undefined, process: '' },
    ],
    [
      'NVRM: Xid (PCI:0000:10:1c): 63, pid=1896, Row Remapper: New row marked for remapping',
      { number: 63, device: '0000:10:1c', pid: 1896, process: '' },
    ],
    [
      'NVRM: Xid (0000:01:00): 31, Ch 0000000b, engmask 00000120, intr 10000000',
      { number: 31, device: '0000:01:00', pid: undefined, process: '' },
    ],
  ])('%s', (text, xid) => {
    expect(parseXid(text)).toEqual(xid);
  });

  it('become events with their meaning, joined to the container of the process', () => {
    const found = event(
      'NVRM: Xid (PCI:0000:3b:00): 79, pid=2323, name=python, GPU has fallen off the bus.',
    );
    expect(found).toMatchObject({
      kind: 'gpu_error',
      severity: 'error',
      container_name: 'train',
      event_id: 'kmsg-boot-7',
      message:
        'The GPU at 0000:3b:00 reported Xid 79: the GPU has fallen off the bus: it cannot be reached before a restart.',
      attributes: { xid: '79', device: '0000:3b:00', cause: 'hardware', pid: '2323' },
    });
  });

  it('are as severe as their cause', () => {
    const severity = (number: number): string =>
      event(`NVRM: Xid (PCI:0000:3b:00): ${number}, pid=1`).severity;
    expect([13, 43, 45, 48, 79, 119, 999].map((number) => severity(number))).toEqual([
      'warning',
      'warning',
      'info',
      'error',
      'error',
      'error',
      'error',
    ]);
    expect(meaningOfXid(999)).toBeUndefined();
    expect(event('NVRM: Xid (PCI:0000:3b:00): 999, x').message).toBe(
      'The GPU at PCI:0000:3b:00 reported Xid 999.',
    );
  });

  it('never make the parser throw', () => {
    const words = ['NVRM: Xid (', 'PCI:', '0000:3b:00', '): ', '79', ', pid=', "'", ', name=', '<'];
    const text = fc.array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 30 });
    fc.assert(
      fc.property(text, (parts) => {
        const xid = parseXid(parts.join(''));
        expect(xid === undefined || Number.isSafeInteger(xid.number)).toBe(true);
      }),
      { seed },
    );
  });
});

describe('a process of the kernel log', () => {
  let proc: string;

  beforeEach(() => {
    proc = mkdtempSync(join(tmpdir(), 'plimsoll-xid-'));
    mkdirSync(join(proc, '42'));
    writeFileSync(join(proc, '42/comm'), 'a-rather-long-n\n');
    writeFileSync(join(proc, '42/cgroup'), `4:memory:/docker/${id}\n`);
  });

  afterEach(() => {
    rmSync(proc, { recursive: true });
  });

  it('is joined to its container while it is the one of that name', () => {
    const directory = join(proc, '42');
    expect(containerOfProcess(directory, 'a-rather-long-name')).toBe(id);
    expect(containerOfProcess(directory, '')).toBe(id);
    expect(containerOfProcess(directory, 'other')).toBeUndefined();
    expect(containerOfProcess(join(proc, '43'), '')).toBeUndefined();
  });

  it('names the container of a hung task and of a crash', () => {
    for (const text of [
      'INFO: task node:2323 blocked for more than 120 seconds.',
      'lb[2323]: segfault at 0 ip 0000000000401136 sp 00007ffd error 6 in lb[401000+1000]',
    ]) {
      expect(event(text)).toMatchObject({
        kind: 'kernel',
        container_name: 'train',
        attributes: { pid: '2323' },
      });
    }
  });
});
