import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DaemonSignal } from '../../../src/signals/daemon/daemon-signal.ts';
import { HangingDaemon } from '../hanging-daemon.ts';
import { container, testContext } from '../signal-context.ts';

const deadlineMs = 60;
const first = container('a', { pid: 10 });
const second = container('b', { pid: 20 });

describe('the health of the Docker daemon', () => {
  let folder: string;
  let daemon: HangingDaemon;
  let context: ReturnType<typeof testContext>;
  let signal: DaemonSignal;
  let lastEventMs: number | undefined;

  const addContainer = ({ dockerId, pid }: typeof first): void => {
    mkdirSync(join(folder, 'cgroup/pids/docker', dockerId), { recursive: true });
    mkdirSync(join(folder, 'proc', String(pid)), { recursive: true });
    const membership = `4:pids:/docker/${dockerId}\n`;
    writeFileSync(join(folder, 'proc', String(pid), 'cgroup'), membership);
  };
  const kinds = (): string[] => context.events.map(({ kind }) => kind);
  const told = async (kind: string): Promise<void> => {
    await expect.poll(kinds, { timeout: 10_000 }).toContain(kind);
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-daemon-'));
    daemon = new HangingDaemon(join(folder, 'docker.sock'));
    daemon.answers.set('/version', { Components: [{ Name: 'containerd' }] });
    await daemon.start();
    context = testContext();
    context.containers.push(first);
    addContainer(first);
    lastEventMs = 0;
    signal = new DaemonSignal(context, {
      socketPath: daemon.socketPath,
      intervalMs: 20,
      deadlineMs,
      silentAfterMs: 100,
      roots: { proc: join(folder, 'proc'), sys: folder, cgroup: join(folder, 'cgroup') },
      lastEventMs: () => lastEventMs,
    });
  });

  afterEach(async () => {
    await signal.stop();
    await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('tells of a stuck level and of its end, each once', async () => {
    signal.start();
    await expect.poll(() => signal.state).toBe('healthy');
    daemon.hanging.add('/info').add('/version');
    await told('daemon_stuck');
    expect(signal.hostValues().docker_info_seconds).toBeUndefined();
    expect(signal.hostValues().docker_ping_seconds).toBeGreaterThan(0);
    daemon.hanging.clear();
    await told('daemon_recovered');
    const [stuck, recovered] = context.events;
    expect(kinds()).toEqual(['daemon_stuck', 'daemon_recovered']);
    expect(stuck).toMatchObject({
      severity: 'error',
      container_id: '',
      attributes: { level: 'containerd', call: 'GET /info', deadline_seconds: '0.06' },
    });
    expect(stuck?.attributes['last_good']).toMatch(/^20\d\d-/);
    expect(Date.parse(stuck?.attributes['since'] ?? '')).toBeGreaterThan(0);
    expect(recovered).toMatchObject({ severity: 'info', attributes: { level: 'containerd' } });
  });

  it('names the container whose inspection hangs', async () => {
    daemon.hanging.add(`/containers/${first.dockerId}/json`);
    signal.start();
    await told('daemon_stuck');
    expect(context.events[0]).toMatchObject({
      container_id: first.dockerId,
      container_name: 'container-a',
      attributes: { level: 'container_lock' },
    });
    expect(signal.hostValues().docker_inspect_seconds).toBeUndefined();
  });

  it('takes a daemon that is not there for absent', async () => {
    await daemon.stop();
    signal.start();
    await expect.poll(() => signal.state).toBe('absent');
    await daemon.start();
    await expect.poll(() => signal.state).toBe('healthy');
    expect(context.events).toEqual([]);
  });

  it('tells of a container that began without an event', async () => {
    signal.start();
    await expect.poll(() => signal.state).toBe('healthy');
    addContainer(second);
    await told('daemon_stuck');
    expect(context.events[0]).toMatchObject({
      container_id: second.dockerId,
      attributes: { level: 'events_silent', call: 'a container began, and no event said so' },
    });
    lastEventMs = Date.now();
    await told('daemon_recovered');
  });

  it('tells of a process that is gone while its container is said to run', async () => {
    signal.start();
    await expect.poll(() => signal.state).toBe('healthy');
    rmSync(join(folder, 'proc', String(first.pid)), { recursive: true });
    await told('daemon_stuck');
    expect(context.events[0]).toMatchObject({
      container_name: 'container-a',
      attributes: { level: 'events_silent' },
    });
  });

  it('does not mind a control group of another runtime', async () => {
    daemon.handlers.set(`/containers/${second.dockerId}/json`, (response) => {
      response.writeHead(404).end('{"message":"No such container"}');
    });
    signal.start();
    await expect.poll(() => signal.state).toBe('healthy');
    addContainer(second);
    const path = `/containers/${second.dockerId}/json`;
    await expect.poll(() => daemon.asked).toContain(path);
    const looks = daemon.asked.filter((each) => each === '/info').length;
    await expect
      .poll(() => daemon.asked.filter((each) => each === '/info').length)
      .toBeGreaterThan(looks + 10);
    expect(context.events).toEqual([]);
  });

  it('says nothing of events that are not followed', async () => {
    lastEventMs = undefined;
    signal.start();
    await expect.poll(() => signal.state).toBe('healthy');
    addContainer(second);
    const looks = daemon.asked.length;
    await expect.poll(() => daemon.asked.length).toBeGreaterThan(looks + 40);
    expect(context.events).toEqual([]);
  });

  it('stops at once, also while a call hangs, and starts again', async () => {
    daemon.hanging.add('/info');
    signal.start();
    signal.start();
    await expect.poll(() => daemon.asked).toContain('/info');
    const before = performance.now();
    await signal.stop();
    await signal.stop();
    expect(performance.now() - before).toBeLessThan(1000);
    await expect.poll(() => daemon.connections).toBe(0);
    signal.start();
    const looks = daemon.asked.length;
    await expect.poll(() => daemon.asked.length).toBeGreaterThan(looks);
  });
});
