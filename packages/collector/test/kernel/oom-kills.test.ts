import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { hostLabels } from '@plimsoll/model';
import { describe, expect, it } from 'vitest';
import { containerIdsOf } from '../../src/kernel/container-of-path.ts';
import { oomKillEvent } from '../../src/kernel/kernel-event.ts';
import { type KmsgRecord, parseKmsgRecord } from '../../src/kernel/kmsg-record.ts';
import { matchKernelPattern } from '../../src/kernel/kernel-patterns.ts';
import { type OomKill, OomKills } from '../../src/kernel/oom-kills.ts';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20_260_131);
const id = 'ab'.repeat(32);
const other = 'cd'.repeat(32);

function record(text: string, sequence: number): KmsgRecord {
  return { level: 6, facility: 0, sequence, microseconds: sequence * 10, text, fields: {} };
}

function kills(texts: readonly string[]): OomKill[] {
  const state = new OomKills();
  const found = texts.flatMap((text, index) => state.push(record(text, index)));
  return [...found, ...state.flush()];
}

const summary = (pid: number, path = `/docker/${id}`): string =>
  `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0-1,3,oom_memcg=${path},task_memcg=${path},task=lb,pid=${pid},uid=0`;
const killed = (pid: number): string =>
  `Memory cgroup out of memory: Killed process ${pid} (lb) total-vm:82092kB, anon-rss:7936kB, file-rss:6220kB, shmem-rss:0kB, UID:0 pgtables:76kB oom_score_adj:0`;

const damagedPieces = [
  '6,',
  '1,',
  '2,',
  '-;',
  'oom-kill:constraint=CONSTRAINT_MEMCG',
  ',oom_memcg=/',
  ',pid=1',
  'Killed process ',
  '12',
  ' (',
  ') ',
  'total-vm:',
  'kB',
  '\n',
  ' A=',
  '\\x',
  '\\xff',
  'UID',
  'Task in / killed as a result of limit of /',
  ',uid=0',
  ',task=',
  ',task_memcg=',
];

describe('records', () => {
  it('are parsed with their continuation lines and escapes', () => {
    const text =
      '30,712,5140900,-,caller=T1;veth\\x0aname \\xc3\\xa9\n SUBSYSTEM=net\n DEVICE=n4\\x09\nnonsense\n';
    expect(parseKmsgRecord(text)).toEqual({
      level: 6,
      facility: 3,
      sequence: 712,
      microseconds: 5_140_900,
      text: 'veth\nname é',
      fields: { SUBSYSTEM: 'net', DEVICE: 'n4\t' },
    });
  });

  it.each(['', 'text', '6,1,0;', '6,1,0,-', ' SUBSYSTEM=net\n', '-1,1,1,-;x', 'a,b,c,-;x'])(
    'of another shape are none: %j',
    (text) => {
      expect(parseKmsgRecord(text)).toBeUndefined();
    },
  );

  it('never make the reader throw, whatever is in them', () => {
    const pieces = fc.constantFrom(...damagedPieces);
    const text = fc.oneof(
      fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary', maxLength: 200 }),
    );
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), (texts) => {
        const state = new OomKills();
        for (const [index, each] of texts.entries()) {
          const parsed = parseKmsgRecord(each) ?? record(each, index);
          for (const kill of state.push(parsed)) expect(kill.pid).toBeTypeOf('number');
          matchKernelPattern(parsed.text);
        }
        expect(state.flush().length).toBeLessThanOrEqual(texts.length);
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe('container of a path', () => {
  it.each([
    [`/docker/${id}`, [id]],
    [`/system.slice/docker-${id}.scope`, [id]],
    [`/kubepods.slice/kubepods-pod1.slice/cri-containerd-${id}.scope`, [id]],
    [`/kubepods/burstable/pod4/${id}`, [id]],
    [`/docker/${other}/docker/${id}`, [id, other]],
    ['/user.slice', []],
    [`/x/${id}0`, []],
  ])('%s', (path, expected) => {
    expect(containerIdsOf(path)).toEqual(expected);
  });
});

describe('OOM kills', () => {
  it('are one event of two records, as a 6.18 kernel wrote them', () => {
    const text = readFileSync(
      join(import.meta.dirname, '../testdata/kernel/oom-memcg.kmsg'),
      'utf8',
    );
    const state = new OomKills();
    const found = text
      .split('\n')
      .map((line) => parseKmsgRecord(line))
      .filter((parsed) => parsed !== undefined)
      .flatMap((parsed) => state.push(parsed));
    expect(state.pendingSequence).toBeUndefined();
    expect(found).toEqual([
      {
        sequence: 436,
        microseconds: 2_529_980_857,
        process: 'python3',
        pid: 22_165,
        uid: '0',
        constraint: 'memcg',
        oomCgroup: `/plimsoll-test-oom/docker/${id}`,
        taskCgroup: `/plimsoll-test-oom/docker/${id}`,
        totalVmBytes: 82_092 * 1024,
        anonRssBytes: 7936 * 1024,
        fileRssBytes: 6220 * 1024,
        shmemRssBytes: 0,
      },
    ]);
  });

  it('are told with what is known when the second record never comes', () => {
    const [kill] = kills([summary(7)]);
    expect(kill).toMatchObject({ pid: 7, process: 'lb', anonRssBytes: undefined });
  });

  it('are given up for after many other records', () => {
    const state = new OomKills();
    state.push(record(summary(7), 0));
    expect(state.push(record('other', 200))).toEqual([]);
    expect(state.push(record('other', 201))).toHaveLength(1);
  });

  it('are not mixed up when two control groups run out at once', () => {
    const found = kills([summary(7), summary(8, `/docker/${other}`), killed(8), killed(7)]);
    expect(found.map(({ pid, taskCgroup }) => [pid, taskCgroup])).toEqual([
      [8, `/docker/${other}`],
      [7, `/docker/${id}`],
    ]);
  });

  it('of a whole group are one event for each process', () => {
    const found = kills([
      summary(7),
      killed(7),
      `Tasks in /docker/${id} are going to be killed due to memory.oom.group set`,
      killed(7),
      killed(8),
      killed(9),
    ]);
    expect(found.map(({ pid, sequence }) => [pid, sequence])).toEqual([
      [7, 0],
      [8, 4],
      [9, 5],
    ]);
    expect(new Set(found.map(({ taskCgroup }) => taskCgroup))).toEqual(new Set([`/docker/${id}`]));
  });

  it('of a kernel before 4.19 take the control group from the line before', () => {
    const [kill] = kills([
      `Task in /docker/${id} killed as a result of limit of /docker/${id}`,
      'Memory cgroup out of memory: Kill process 7 (a) b) score 995 or sacrifice child',
      'Killed process 7 (a) b), UID 0, total-vm:10kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB',
    ]);
    expect(kill).toMatchObject({ pid: 7, process: 'a) b', uid: '0', taskCgroup: `/docker/${id}` });
  });

  it('of the host name no limit', () => {
    const [kill] = kills([
      'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/docker/' +
        `${id},task=a, b,pid=7,uid=1000`,
      'Out of memory: Killed process 7 (a, b) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:1kB oom_score_adj:0',
    ]);
    expect(kill).toMatchObject({ constraint: 'host', oomCgroup: '', process: 'a, b', uid: '1000' });
  });
});

describe('event of an OOM kill', () => {
  const context = {
    tenant: 'default',
    host: 'host-1',
    bootId: 'boot-1',
    bootTimeMs: Date.UTC(2026, 0, 31, 23, 0, 0),
    labelsOf: (containerId: string) =>
      containerId === other
        ? { ...hostLabels('default', 'host-1'), container_id: other, container_name: 'web' }
        : undefined,
  };

  it('names a container by its id even when it was never seen', () => {
    const [kill] = kills([summary(7), killed(7)]);
    expect(kill && oomKillEvent(kill, context)).toEqual({
      ...hostLabels('default', 'host-1'),
      container_id: id,
      time: '2026-01-31 23:00:00.000',
      event_id: 'kmsg-boot-1-0',
      kind: 'oom_kill',
      severity: 'error',
      message: 'Process lb (pid 7) was killed: its memory limit was reached.',
      attributes: {
        source: 'kmsg',
        process: 'lb',
        pid: '7',
        uid: '0',
        constraint: 'memcg',
        oom_cgroup: `/docker/${id}`,
        task_cgroup: `/docker/${id}`,
        total_vm_bytes: String(82_092 * 1024),
        anon_rss_bytes: String(7936 * 1024),
        file_rss_bytes: String(6220 * 1024),
        shmem_rss_bytes: '0',
      },
    });
  });

  it('prefers the container that is known: the outer one of Docker in Docker', () => {
    const [kill] = kills([summary(7, `/docker/${other}/docker/${id}`), killed(7)]);
    const event = kill && oomKillEvent(kill, context);
    expect(event).toMatchObject({ container_id: other, container_name: 'web' });
    expect(event?.message).toContain('the memory limit of web was reached');
  });
});
