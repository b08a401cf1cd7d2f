import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@plimsoll/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  listeningSockets,
  RuntimeProcesses,
} from '../../../src/signals/daemon/runtime-processes.ts';

const { signal } = new AbortController();

interface FakeProcess {
  pid: number;
  comm: string;
  parent?: number;
  startTicks?: number;
  /** Path of a socket that it listens on. */
  socket?: string;
}

describe('processes of the runtime', () => {
  let proc: string;
  let clock: ManualClock;
  const servers: Server[] = [];

  beforeEach(() => {
    proc = mkdtempSync(join(tmpdir(), 'plimsoll-proc-'));
    clock = new ManualClock();
  });

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    rmSync(proc, { recursive: true, force: true });
  });

  const add = ({ pid, comm, parent = 1, startTicks = pid, socket }: FakeProcess): void => {
    const directory = join(proc, String(pid));
    mkdirSync(join(directory, 'fd'), { recursive: true });
    mkdirSync(join(directory, 'net'), { recursive: true });
    writeFileSync(join(directory, 'comm'), `${comm}\n`);
    const fields = `S ${parent} 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 12 0 ${startTicks} 1 1`;
    writeFileSync(join(directory, 'stat'), `${pid} (${comm}) ${fields}\n`);
    writeFileSync(join(directory, 'status'), `Name:\t${comm}\nVmRSS:\t    2048 kB\n`);
    for (const fd of ['0', '1', '2']) symlinkSync('/dev/null', join(directory, 'fd', fd));
    if (socket === undefined) return;
    symlinkSync(`socket:[${pid}0]`, join(directory, 'fd', '3'));
    const header = 'Num       RefCount Protocol Flags    Type St Inode Path\n';
    const line = `0000000000000000: 00000002 00000000 00010000 0001 01 ${pid}0 ${socket}\n`;
    writeFileSync(join(directory, 'net/unix'), header + line);
    symlinkSync('/', join(directory, 'root'));
  };

  const make = (socketPath = '/var/run/docker.sock'): RuntimeProcesses =>
    new RuntimeProcesses({ proc, socketPath, clock });

  it('are found by name and measured', async () => {
    add({ pid: 7, comm: 'node' });
    add({ pid: 10, comm: 'dockerd' });
    add({ pid: 11, comm: 'containerd', parent: 10 });
    add({ pid: 12, comm: 'containerd-shim' });
    const processes = make();
    await processes.refresh(signal);
    expect(processes.pids()).toEqual([10, 11]);
    expect(processes.values()).toEqual({
      docker_daemon_cpu_seconds_total: 2,
      docker_daemon_memory_bytes: 2048 * 1024,
      docker_daemon_threads: 12,
      docker_daemon_file_descriptors: 3,
      containerd_cpu_seconds_total: 2,
      containerd_memory_bytes: 2048 * 1024,
      containerd_threads: 12,
      containerd_file_descriptors: 3,
    });
  });

  it('have no values where there are none', async () => {
    add({ pid: 7, comm: 'node' });
    const processes = make();
    await processes.refresh(signal);
    expect(processes.values()).toEqual({});
    rmSync(proc, { recursive: true });
    clock = new ManualClock();
    await make().refresh(signal);
  });

  it('are those of our socket where several daemons run', async () => {
    add({ pid: 10, comm: 'dockerd', socket: '/tmp/other.sock' });
    add({ pid: 11, comm: 'containerd', parent: 10 });
    add({ pid: 20, comm: 'dockerd', socket: '/var/run/docker.sock' });
    add({ pid: 21, comm: 'containerd', parent: 20 });
    const processes = make();
    await processes.refresh(signal);
    expect(processes.pids()).toEqual([20, 21]);
    const others = make('/tmp/none.sock');
    await others.refresh(signal);
    expect(others.pids()).not.toContain(10);
    expect(others.pids()).not.toContain(20);
  });

  it('are found by the file when our path to the socket is another', async () => {
    const server = createServer().listen(join(proc, 'real.sock'));
    servers.push(server);
    await once(server, 'listening');
    symlinkSync(join(proc, 'real.sock'), join(proc, 'ours.sock'));
    add({ pid: 10, comm: 'dockerd', socket: '/tmp/other.sock' });
    add({ pid: 20, comm: 'dockerd', socket: join(proc, 'real.sock') });
    const processes = make(join(proc, 'ours.sock'));
    await processes.refresh(signal);
    expect(processes.pids()).toEqual([20]);
  });

  it('are looked for again when they ended, but not at every look', async () => {
    add({ pid: 10, comm: 'dockerd' });
    const processes = make();
    await processes.refresh(signal);
    rmSync(join(proc, '10'), { recursive: true });
    expect(processes.values()).toEqual({});
    // The number was taken over by another process.
    add({ pid: 10, comm: 'node', startTicks: 99 });
    add({ pid: 30, comm: 'dockerd' });
    await clock.advance(30_000);
    await processes.refresh(signal);
    expect(processes.pids()).toEqual([]);
    await clock.advance(31_000);
    await processes.refresh(signal);
    expect(processes.pids()).toEqual([30]);
  });
});

describe('/proc/<pid>/net/unix', () => {
  it('names the sockets that listen', () => {
    const text = [
      'Num       RefCount Protocol Flags    Type St Inode Path',
      '00000000aa: 00000002 00000000 00010000 0001 01  1234 /run/a b.sock',
      '00000000bb: 00000003 00000000 00000000 0001 03 1235 /run/connected.sock',
      '00000000cc: 00000002 00000000 00010000 0001 01 1236 @abstract',
      '00000000dd: 00000002 00000000 00010000 0001 01 1237',
      'nonsense',
    ].join('\n');
    expect(listeningSockets(text)).toEqual([{ inode: '1234', path: '/run/a b.sock' }]);
  });
});
