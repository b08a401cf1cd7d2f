import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DaemonProbe } from '../../../src/signals/daemon/daemon-probe.ts';
import type { Finding } from '../../../src/signals/daemon/daemon-verdict.ts';
import { HangingDaemon } from '../hanging-daemon.ts';

const { signal } = new AbortController();
const ids = '0123456789abcdef'.split('').map((digit) => digit.repeat(64));

describe('a look at the daemon', () => {
  let folder: string;
  let daemon: HangingDaemon;
  let running: string[];
  let probe: DaemonProbe;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-probe-'));
    daemon = new HangingDaemon(join(folder, 'docker.sock'));
    daemon.answers.set('/version', { Components: [{ Name: 'Engine' }, { Name: 'containerd' }] });
    await daemon.start();
    running = ids.slice(0, 3);
    probe = new DaemonProbe({
      socketPath: daemon.socketPath,
      deadlineMs: 80,
      running: () => running,
    });
  });

  afterEach(async () => {
    await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const find = async (): Promise<Finding> => (await probe.look(signal)).finding;
  const stuck = (level: string, call: string, containerId = ''): object => ({
    kind: 'stuck',
    level,
    call,
    containerId,
  });

  it('finds a daemon that answers healthy, and times each level', async () => {
    const { finding, seconds } = await probe.look(signal);
    expect(finding).toEqual({ kind: 'healthy' });
    expect(Object.values(seconds).every((value) => Number(value) > 0)).toBe(true);
    expect(daemon.asked.map((path) => path.split('?')[0])).toEqual([
      '/_ping',
      '/containers/json',
      `/containers/${ids[0]}/json`,
      '/info',
    ]);
  });

  it.each([
    [['/'], 'frozen', 'GET /_ping'],
    [['/containers/json'], 'daemon_lock', 'GET /containers/json'],
    [['/info'], 'daemon_lock', 'GET /info'],
    [['/info', '/version'], 'containerd', 'GET /info'],
    // With images kept by containerd, even the list of containers needs it.
    [['/containers/json', '/version'], 'containerd', 'GET /containers/json'],
  ])('with %j hanging finds it %s', async (hanging, level, call) => {
    for (const path of hanging) daemon.hanging.add(path);
    expect(await find()).toEqual(stuck(level, call));
  });

  it('blames containerd where the version says nothing of it', async () => {
    daemon.answers.set('/version', { Version: '17.06' });
    daemon.hanging.add('/info');
    expect(await find()).toEqual(stuck('containerd', 'GET /info'));
  });

  it('leaves out the times of what was late', async () => {
    daemon.hanging.add('/info');
    const { seconds } = await probe.look(signal);
    expect(seconds.info).toBeUndefined();
    expect(seconds.ping).toBeGreaterThan(0);
  });

  it('inspects the containers in turn, one with few of them', async () => {
    for (let look = 0; look < 4; look++) await probe.look(signal);
    const inspected = daemon.asked.filter((path) => /^\/containers\/.{64}\/json/.test(path));
    expect(inspected.map((path) => path.slice(12, 76))).toEqual([ids[0], ids[1], ids[2], ids[0]]);
  });

  it('goes through many containers in some twenty looks', async () => {
    running = Array.from({ length: 100 }, (_, index) => index.toString(16).padStart(64, '0'));
    for (let look = 0; look < 20; look++) await probe.look(signal);
    const inspected = daemon.asked.filter((path) => /^\/containers\/.{64}\/json/.test(path));
    expect(new Set(inspected).size).toBe(100);
  });

  it('stays with a container that hangs until it answers, and names it', async () => {
    const path = `/containers/${ids[1]}/json`;
    daemon.hanging.add(path);
    expect(await find()).toEqual({ kind: 'healthy' });
    const locked = stuck('container_lock', 'GET /containers/{id}/json', ids[1]);
    expect(await find()).toEqual(locked);
    expect(await find()).toEqual(locked);
    daemon.hanging.delete(path);
    expect(await find()).toEqual({ kind: 'healthy' });
    await find();
    expect(daemon.asked.filter((each) => each.includes(ids[2] ?? ''))).toHaveLength(1);
  });

  it('lets go of a container that hangs and is gone', async () => {
    daemon.hanging.add(`/containers/${ids[0]}/json`);
    expect((await find()).kind).toBe('stuck');
    running = ids.slice(1, 3);
    expect(await find()).toEqual({ kind: 'healthy' });
  });

  it('never has a pile of connections, whatever hangs', async () => {
    daemon.hanging.add('/info').add('/version');
    for (let look = 0; look < 4; look++) await probe.look(signal);
    // The server may hear of a connection before it hears that the last one has ended.
    expect(daemon.maxConnections).toBeLessThanOrEqual(2);
    await expect.poll(() => daemon.connections).toBe(0);
  });

  it('takes a daemon that does not run for absent', async () => {
    await daemon.stop();
    expect(await find()).toEqual({ kind: 'absent', code: 'ENOENT' });
  });
});
