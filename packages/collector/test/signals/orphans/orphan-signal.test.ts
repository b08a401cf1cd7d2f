import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@plimsoll/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OrphanSignal } from '../../../src/signals/orphans/orphan-signal.ts';
import { HangingDaemon } from '../hanging-daemon.ts';
import { container, testContext } from '../signal-context.ts';

const minute = 60_000;
const hostNetwork = '4026531833';

describe('left-overs of containers', () => {
  let folder: string;
  let clock: ManualClock;
  let daemon: HangingDaemon;
  let context: ReturnType<typeof testContext>;
  let signal: OrphanSignal;

  const addProcess = (pid: number, network: string, files: Record<string, string> = {}): void => {
    const directory = join(folder, 'proc', String(pid));
    mkdirSync(join(directory, 'ns'), { recursive: true });
    mkdirSync(join(directory, 'net'), { recursive: true });
    symlinkSync(`net:[${network}]`, join(directory, 'ns/net'));
    symlinkSync(`mnt:[${network}1]`, join(directory, 'ns/mnt'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  };
  const addVeth = (name: string, index: number, peer: number): void => {
    const directory = join(folder, 'sys/class/net', name);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'ifindex'), `${index}\n`);
    writeFileSync(join(directory, 'iflink'), `${peer}\n`);
  };
  const make = (known: { socketPath?: string | undefined } = {}): OrphanSignal =>
    new OrphanSignal(context, {
      roots: { proc: join(folder, 'proc'), sys: join(folder, 'sys') },
      socketPath: daemon.socketPath,
      intervalMs: 5 * minute,
      graceMs: 10 * minute,
      ...known,
    });
  /** Questions to the daemon take real time. */
  const pass = async (minutes: number): Promise<void> => {
    for (let passed = 0; passed < minutes; passed += 5) {
      await expect.poll(() => clock.sleeping).toBe(1);
      await clock.advance(5 * minute);
    }
    await expect.poll(() => clock.sleeping).toBe(1);
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-orphan-'));
    clock = new ManualClock(1_800_000_000_000);
    context = testContext(clock);
    daemon = new HangingDaemon(join(folder, 'docker.sock'));
    daemon.answers.set('/containers/json', []);
    await daemon.start();
    const layer = (digit: string): string => `/var/lib/docker/overlay2/${digit.repeat(64)}/merged`;
    addProcess(1, hostNetwork, {
      mountinfo: `22 1 254:0 / / rw - ext4 /dev/vda rw
30 22 0:30 / ${layer('a')} rw - overlay overlay rw
31 22 0:31 / ${layer('b')} rw - overlay overlay rw
32 22 0:4 net:[4026532001] /run/docker/netns/aaaaaaaaaaaa rw - nsfs nsfs rw
33 22 0:4 net:[4026532002] /run/docker/netns/bbbbbbbbbbbb rw - nsfs nsfs rw
34 22 0:4 net:[${hostNetwork}] /run/docker/netns/default rw - nsfs nsfs rw
`,
    });
    addProcess(50, '4026532001', {
      mountinfo: '60 50 0:30 / / rw - overlay overlay rw\n',
      'net/igmp': 'Idx\tDevice\n4\teth0      :     1      V3\n',
    });
    addVeth('vethaaaaaaa', 5, 4);
    addVeth('vethbbbbbbb', 7, 6);
    mkdirSync(join(folder, 'sys/class/net/eth0'));
    signal = make();
  });

  afterEach(async () => {
    await signal.stop();
    await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are told after the grace time, and as gone when they are', async () => {
    daemon.answers.set('/volumes', {
      Volumes: [
        { Name: 'data', Driver: 'local', CreatedAt: '2026-01-01T00:00:00Z' },
        { Name: 'f'.repeat(64), Driver: 'local', CreatedAt: '' },
      ],
    });
    const dead = container('d', { state: 'dead' });
    context.containers.push(dead);
    daemon.answers.set('/containers/json', [
      { Id: dead.dockerId, Names: ['/undead'], State: 'dead', Created: 1_700_000_000 },
    ]);
    signal.start();
    await pass(5);
    expect(context.events).toEqual([]);
    expect(signal.hostValues()).toEqual({
      veth_interfaces: 2,
      veth_orphans: 0,
      network_namespaces: 2,
      container_mounts: 4,
      mount_orphans: 0,
      dangling_volumes: 2,
      containers_dead: 1,
    });
    await pass(5);
    expect(
      context.events.map(({ kind, message, severity }) => `${kind} ${severity} ${message}`),
    ).toEqual([
      'orphan_found warning Network interface vethbbbbbbb is left over: its other end is in no network namespace that a process uses.',
      'orphan_found warning Network namespace /run/docker/netns/bbbbbbbbbbbb is left over: no process is in it.',
      `orphan_found warning Mount /var/lib/docker/overlay2/${'b'.repeat(64)}/merged is left over: it belongs to no container that runs.`,
      'orphan_found info Volume data is used by no container.',
      `orphan_found info Volume ${'f'.repeat(64)} is used by no container.`,
      'orphan_found warning Container undead could not be removed (state dead).',
    ]);
    expect(context.events.at(-1)?.container_name).toBe('container-d');
    const anonymous = context.events.map(({ attributes }) => attributes['anonymous'] ?? '');
    expect(anonymous).toEqual(['', '', '', 'false', 'true', '']);
    expect(signal.hostValues()).toMatchObject({ veth_orphans: 1, mount_orphans: 2 });
    context.events.length = 0;
    rmSync(join(folder, 'sys/class/net/vethbbbbbbb'), { recursive: true });
    await pass(5);
    expect(context.events).toMatchObject([
      { kind: 'orphan_removed', attributes: { name: 'vethbbbbbbb', duration_seconds: '900' } },
    ]);
  });

  it('of the host are told where there is no Docker daemon', async () => {
    await daemon.stop();
    signal.start();
    await pass(10);
    expect(signal.hostValues()).not.toHaveProperty('dangling_volumes');
    expect(context.events).toHaveLength(3);
    await signal.stop();
    signal = make({ socketPath: undefined });
    signal.start();
    await pass(5);
    expect(signal.problem).toBe('');
  });

  it('are not looked for where the interfaces are not those of the host', async () => {
    mkdirSync(join(folder, 'proc/1/net'), { recursive: true });
    writeFileSync(join(folder, 'proc/1/net/dev'), 'x\n  eth0: 1\nvethccccccc: 1\n');
    signal.start();
    await pass(5);
    expect(signal.problem).toMatch(/class\/net: expected the interfaces of the host/);
    expect(signal.hostValues()).not.toHaveProperty('veth_interfaces');
    expect(signal.hostValues()).toHaveProperty('container_mounts');
  });

  it('are not looked for where namespaces cannot be read', async () => {
    rmSync(join(folder, 'proc/1/ns'), { recursive: true });
    signal.start();
    await pass(5);
    expect(signal.problem).toMatch(/CAP_SYS_PTRACE/);
    expect(signal.hostValues()).toEqual({ dangling_volumes: 0, containers_dead: 0 });
  });

  it('stop while the daemon hangs', async () => {
    daemon.hanging.add('/volumes');
    signal.start();
    await expect.poll(() => daemon.asked.length).toBe(1);
    await signal.stop();
    expect(context.events).toEqual([]);
  });
});
