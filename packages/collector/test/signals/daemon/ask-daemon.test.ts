import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askDaemon, type DaemonAnswer } from '../../../src/signals/daemon/ask-daemon.ts';
import { HangingDaemon } from '../hanging-daemon.ts';

describe('a question to the daemon', () => {
  let folder: string;
  let daemon: HangingDaemon;
  let child: ChildProcess | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-ask-'));
    daemon = new HangingDaemon(join(folder, 'docker.sock'));
    await daemon.start();
  });

  afterEach(async () => {
    child?.kill('SIGKILL');
    child = undefined;
    await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = (
    path: string,
    { deadlineMs = 5000, signal = new AbortController().signal, socket = daemon.socketPath } = {},
  ): Promise<DaemonAnswer> => askDaemon(path, { socketPath: socket, deadlineMs, signal });

  it('is answered with the time that it took', async () => {
    daemon.answers.set('/info', { Name: 'host' });
    const answer = await ask('/info');
    expect(answer).toMatchObject({ kind: 'answered', status: 200, body: { Name: 'host' } });
    expect(answer.kind === 'answered' && answer.seconds).toBeGreaterThan(0);
    expect(await ask('/_ping')).toMatchObject({ kind: 'answered', body: undefined });
  });

  it('is given up at its deadline, and its connection with it', async () => {
    daemon.hanging.add('/info');
    const before = performance.now();
    expect(await ask('/info', { deadlineMs: 100 })).toEqual({ kind: 'late' });
    expect(performance.now() - before).toBeLessThan(5000);
    await expect.poll(() => daemon.connections).toBe(0);
  });

  it('is late as well when the answer begins and does not end', async () => {
    daemon.handlers.set('/info', (response) => {
      response.write('{"half":');
    });
    expect(await ask('/info', { deadlineMs: 100 })).toEqual({ kind: 'late' });
  });

  it('finds nobody where no daemon runs', async () => {
    expect(await ask('/_ping', { socket: join(folder, 'none.sock') })).toEqual({
      kind: 'absent',
      code: 'ENOENT',
    });
    writeFileSync(join(folder, 'file'), '');
    expect(await ask('/_ping', { socket: join(folder, 'file') })).toMatchObject({ kind: 'absent' });
  });

  it('is unclear when the connection breaks', async () => {
    daemon.handlers.set('/info', (response) => response.destroy());
    expect(await ask('/info')).toMatchObject({ kind: 'broken' });
    daemon.handlers.set('/half', (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{}', () => response.destroy());
    });
    expect(await ask('/half')).toMatchObject({ kind: 'broken' });
  });

  it('does not read an answer without end', async () => {
    daemon.handlers.set('/info', (response) => {
      const block = Buffer.alloc(1024 * 1024, 0x20);
      const send = (): void => {
        if (!response.destroyed) response.write(block, send);
      };
      send();
    });
    expect(await ask('/info', { deadlineMs: 20_000 })).toMatchObject({
      kind: 'broken',
      reason: expect.stringContaining('longer than') as string,
    });
  });

  it('ends when the collector stops', async () => {
    daemon.hanging.add('/info');
    const stopping = new AbortController();
    const answer = ask('/info', { signal: stopping.signal });
    setTimeout(() => stopping.abort(), 20);
    expect(await answer).toMatchObject({ kind: 'broken' });
    expect(await ask('/info', { signal: stopping.signal })).toMatchObject({ kind: 'broken' });
  });

  it('is late when a daemon accepts nobody and its queue is full', async () => {
    const socket = join(folder, 'full.sock');
    const script = `require('net').createServer().listen({ path: ${JSON.stringify(socket)}, backlog: 1 },
      () => { require('fs').writeSync(1, 'listening'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); })`;
    child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (child.stdout) await once(child.stdout, 'data');
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map(() => ask('/_ping', { socket, deadlineMs: 300 })),
    );
    expect(answers).toEqual(answers.map(() => ({ kind: 'late' })));
  });
});
