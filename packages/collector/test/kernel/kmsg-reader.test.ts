import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventRow } from '@plimsoll/model';
import { ManualClock } from '@plimsoll/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isKmsgPosition, type KmsgPosition } from '../../src/kernel/kmsg-position.ts';
import type { KmsgCondition } from '../../src/kernel/kmsg-condition.ts';
import { KmsgReader, type KmsgReaderOptions } from '../../src/kernel/kmsg-reader.ts';

const now = Date.UTC(2026, 0, 31, 12, 0, 0);
const id = 'ab'.repeat(32);
const oom = readFileSync(join(import.meta.dirname, '../testdata/kernel/oom-memcg.kmsg'), 'utf8');
const segfault = (sequence: number): string =>
  `4,${sequence},${sequence * 1000},-;lb[${sequence}]: segfault at 0 ip 0 sp 0 error 6\n`;

let root = '';
let path = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-kmsg-'));
  path = join(root, 'kmsg');
  mkdirSync(join(root, 'proc/sys/kernel/random'), { recursive: true });
  writeFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'boot-1\n');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

interface Running {
  reader: KmsgReader;
  events: EventRow[];
  positions: KmsgPosition[];
  conditions: KmsgCondition[];
  clock: ManualClock;
}

function read(options: Partial<KmsgReaderOptions> = {}): Running {
  const clock = new ManualClock(now);
  const events: EventRow[] = [];
  const positions: KmsgPosition[] = [];
  const conditions: KmsgCondition[] = [];
  const reader = new KmsgReader({
    path,
    proc: join(root, 'proc'),
    tenant: 'default',
    host: 'host-1',
    labelsOf: () => undefined,
    clock,
    uptimeMs: () => clock.monotonic() + 3_600_000,
    pollIntervalMs: 500,
    onEvents: (batch) => {
      events.push(...batch.events);
      positions.push(batch.position);
    },
    onCondition: (condition) => conditions.push(condition),
    ...options,
  });
  return { reader, events, positions, conditions, clock };
}

describe('kernel log', () => {
  it('becomes events with the time and id of their record', async () => {
    writeFileSync(path, oom);
    const { reader, events, clock } = read();
    reader.start();
    await clock.advance(0);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      kind: 'oom_kill',
      event_id: 'kmsg-boot-1-436',
      container_id: id,
      // An hour of uptime, and the record is from second 2529.980857.
      time: '2026-01-31 11:42:09.981',
    });
    await reader.stop();
    await reader.stop();
    expect(reader.condition).toEqual({ kind: 'stopped' });
  });

  it('names the container of a process only while the process can be the same', async () => {
    const directory = join(root, 'proc/7');
    mkdirSync(directory);
    writeFileSync(join(directory, 'comm'), 'node\n');
    writeFileSync(join(directory, 'cgroup'), `0::/docker/${id}\n`);
    const hung = (sequence: number, seconds: number, pid: number): string =>
      `3,${sequence},${seconds}000000,-;INFO: task node:${pid} blocked for more than 120 seconds.\n`;
    const text = [hung(1, 3500, 7), hung(2, 3590, 7), hung(3, 3590, 8), hung(4, 3590, 9)];
    writeFileSync(path, text.join(''));
    const { reader, events, clock } = read({
      containerOf: (pid) => (pid === 8 ? 'cd'.repeat(32) : undefined),
    });
    reader.start();
    await clock.advance(0);
    expect(events.map(({ container_id: container }) => container)).toEqual([
      '',
      id,
      'cd'.repeat(32),
      '',
    ]);
    await reader.stop();
  });

  it('is followed as the file in its place grows, record by record', async () => {
    writeFileSync(path, '');
    const { reader, events, clock } = read();
    reader.start();
    await clock.advance(0);
    const text = segfault(5);
    appendFileSync(path, text.slice(0, 20));
    await clock.advance(500);
    expect(events).toEqual([]);
    appendFileSync(path, text.slice(20));
    await clock.advance(500);
    expect(events.map((event) => event.event_id)).toEqual(['kmsg-boot-1-5']);
    await reader.stop();
  });

  it('goes on after a restart where events were taken, and repeats none', async () => {
    writeFileSync(path, segfault(1) + segfault(2));
    const first = read();
    first.reader.start();
    await first.clock.advance(0);
    await first.reader.stop();
    const position = first.positions.at(-1);
    expect(isKmsgPosition(JSON.parse(JSON.stringify(position)))).toBe(true);
    appendFileSync(path, segfault(3));
    const second = read({ position });
    second.reader.start();
    await second.clock.advance(0);
    expect(second.events.map((event) => event.event_id)).toEqual(['kmsg-boot-1-3']);
    expect(second.reader.lostTotal).toBe(0);
    await second.reader.stop();
  });

  it('repeats events with the same id and time after a crash before they were taken', async () => {
    writeFileSync(path, segfault(1));
    const first = read();
    first.reader.start();
    await first.clock.advance(0);
    await first.reader.stop();
    const [position] = first.positions;
    if (!position) throw new Error('expected a position');
    // The clock has drifted a little since; the time of boot is the checkpoint's.
    const second = read({ position: { ...position, sequence: 0 }, uptimeMs: () => 3_599_000 });
    second.reader.start();
    await second.clock.advance(0);
    expect(second.events).toEqual(first.events);
    await second.reader.stop();
  });

  it('begins anew after a boot', async () => {
    writeFileSync(path, segfault(1));
    const position = { boot_id: 'boot-0', source: 'device', sequence: 99, boot_time_ms: 1 };
    const { reader, events, clock } = read({ position });
    reader.start();
    await clock.advance(0);
    expect(events.map((event) => event.event_id)).toEqual(['kmsg-boot-1-1']);
    await reader.stop();
  });

  it('holds the position before an OOM kill of which the second record is to come', async () => {
    const [summary = '', killed = ''] = oom.trimEnd().split('\n').slice(-2);
    writeFileSync(path, `${segfault(400)}${summary}\n`);
    const { reader, events, clock } = read();
    reader.start();
    await clock.advance(0);
    expect(events.map((event) => event.kind)).toEqual(['kernel']);
    expect(reader.position?.sequence).toBe(435);
    appendFileSync(path, `${killed}\n`);
    await clock.advance(500);
    expect(events[1]?.attributes['anon_rss_bytes']).toBe(String(7936 * 1024));
    expect(reader.position?.sequence).toBe(437);
    await reader.stop();
  });

  it('tells an OOM kill without its second record after a while', async () => {
    writeFileSync(path, `${oom.trimEnd().split('\n').at(-2)}\n`);
    const { reader, events, clock } = read();
    reader.start();
    await clock.advance(1000);
    expect(events).toHaveLength(0);
    await clock.advance(2000);
    expect(events.map((event) => event.event_id)).toEqual(['kmsg-boot-1-436']);
    await reader.stop();
  });

  it('counts records that were written over, by the gap of their numbers', async () => {
    writeFileSync(path, segfault(10) + segfault(15));
    const { reader, clock } = read();
    reader.start();
    await clock.advance(0);
    expect(reader.lostTotal).toBe(4);
    await reader.stop();
  });

  it('tells no more than 30 events of one pattern in a minute, and counts the rest', async () => {
    const crashes = Array.from({ length: 100 }, (_, index) => segfault(index + 1)).join('');
    writeFileSync(path, crashes);
    const { reader, events, clock } = read();
    reader.start();
    await clock.advance(0);
    expect(events).toHaveLength(30);
    expect(reader.droppedTotal['kernel_event_rate_limited']).toBe(70);
    await reader.stop();
  });

  it('does not read on, nor move its position, while events are not taken', async () => {
    writeFileSync(path, segfault(1));
    let release: (() => void) | undefined;
    const { reader, clock } = read({
      onEvents: () => new Promise((resolve) => (release = resolve)),
    });
    reader.start();
    await clock.advance(0);
    appendFileSync(path, segfault(2));
    await clock.advance(5000);
    expect(reader.position?.sequence).toBe(-1);
    release?.();
    await clock.advance(0);
    expect(reader.position?.sequence).toBe(1);
    const stopped = reader.stop();
    release?.();
    await stopped;
  });

  it('counts events that are refused, and goes on', async () => {
    writeFileSync(path, segfault(1));
    const { reader, clock } = read({
      onEvents: () => {
        throw new Error('refused');
      },
    });
    reader.start();
    await clock.advance(0);
    expect(reader.droppedTotal['kernel_event_rejected']).toBe(1);
    expect(reader.position?.sequence).toBe(1);
    await reader.stop();
  });

  it('follows a file that is replaced', async () => {
    writeFileSync(path, segfault(7));
    const { reader, events, clock } = read();
    reader.start();
    await clock.advance(0);
    writeFileSync(join(root, 'new'), segfault(1));
    renameSync(join(root, 'new'), path);
    await clock.advance(1000);
    expect(events.map((event) => event.event_id)).toEqual(['kmsg-boot-1-7', 'kmsg-boot-1-1']);
    await reader.stop();
  });

  it('survives text that is no kernel log at all', async () => {
    writeFileSync(
      path,
      Buffer.concat([Buffer.alloc(200_000, 0xff), Buffer.from(`\n${segfault(1)}`)]),
    );
    const { reader, events, clock } = read();
    reader.start();
    await clock.advance(0);
    expect(events).toHaveLength(1);
    await reader.stop();
  });

  it('states that there is none, looks again, and reads once it is there', async () => {
    const { reader, events, conditions, clock } = read();
    reader.start();
    await clock.advance(0);
    expect(reader.condition).toMatchObject({ kind: 'absent' });
    writeFileSync(path, segfault(1));
    await clock.advance(30_000);
    expect(events).toHaveLength(1);
    expect(conditions.map(({ kind }) => kind)).toEqual(['absent', 'reading']);
    await reader.stop();
  });

  it('can be a pipe', async () => {
    execFileSync('mkfifo', [path]);
    const { reader, events, clock } = read();
    reader.start();
    await clock.advance(0);
    appendFileSync(path, segfault(1));
    await clock.advance(500);
    expect(events).toHaveLength(1);
    await reader.stop();
  });

  it('states what is there but cannot be read', async () => {
    mkdirSync(path);
    const { reader, clock } = read();
    reader.start();
    await clock.advance(0);
    expect(reader.condition.kind).toBe('failed');
    await reader.stop();
  });
});

const hasDevice =
  existsSync('/dev/kmsg') &&
  spawnSync('dd', ['if=/dev/kmsg', 'iflag=nonblock', 'count=1']).status === 0;

describe.skipIf(!hasDevice)('the kernel log of this host', () => {
  it('is read to its end, in order, without loss', async () => {
    const { reader, clock } = read({ path: '/dev/kmsg', proc: '/proc' });
    reader.start();
    await expect
      .poll(async () => {
        await clock.advance(500);
        return reader.position?.sequence ?? -1;
      })
      .toBeGreaterThan(0);
    expect(reader.condition).toEqual({ kind: 'reading' });
    expect(reader.position).toMatchObject({
      source: 'device',
      boot_id: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    });
    expect(reader.lostTotal).toBe(0);
    await reader.stop();
  });
});

describe('position of a checkpoint', () => {
  it.each([null, {}, 'x', { boot_id: 'b', source: 's', sequence: 1.5, boot_time_ms: 0 }])(
    'is not %j',
    (value) => {
      expect(isKmsgPosition(value)).toBe(false);
    },
  );
});
