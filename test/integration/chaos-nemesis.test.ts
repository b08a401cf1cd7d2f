/** That the faults of a chaos run take effect, are told when they do not, and can be replayed by a seed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { labelOf, spotOf } from '../chaos/nemesis/fault.ts';
import { inflict } from '../chaos/nemesis/inflict.ts';
import { planFaults } from '../chaos/nemesis/plan-faults.ts';
import { storeFaults, type StoreFault } from '../chaos/pipeline.ts';
import { TmpfsDisk, tmpfsMissing } from '../chaos/plimsoll/tmpfs-disk.ts';
import { ManagedProcess } from '../chaos/processes/managed-process.ts';
import { StoreProxy } from '../chaos/proxy/store-proxy.ts';
import { TcpProxy } from '../chaos/proxy/tcp-proxy.ts';
import { freePort } from '../harness/plimsoll-process.ts';
import { isSkipped } from '../harness/requirement.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-chaos-nemesis-'));
const seed = Number(process.env['PLIMSOLL_TEST_SEED'] ?? Date.now() % 1_000_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('schedule', () => {
  const surface = {
    roles: ['collector', 'broker', 'ingest', 'engine', 'writer'].flatMap((kind) =>
      [1, 2].map((at) => ({ name: `${kind}-${at}`, kind: kind as 'collector' })),
    ),
    links: ['ingest-1>broker-1', 'collector-1>broker-2', 'ingest-2>engine'].map((name) => ({
      name,
    })),
    disks: [{ name: 'disk-engine' }],
    stores: [{ name: 'ingest-1@engine' }],
  };
  const options = { lengthMs: 224_000, sessionTimeoutMs: 6000 };

  test('the same seed gives the same faults, another seed others', () => {
    const plan = planFaults(surface, { seed, ...options });
    expect(planFaults(surface, { seed, ...options })).toEqual(plan);
    expect(planFaults(surface, { seed: seed + 1, ...options })).not.toEqual(plan);
  });

  test('four minutes hold fifty faults of all kinds, at most two at once, none at the same thing', () => {
    for (let each = seed; each < seed + 20; each++) {
      const plan = planFaults(surface, { seed: each, ...options });
      expect(plan.length).toBeGreaterThanOrEqual(50);
      expect(new Set(plan.map(labelOf)).size).toBeGreaterThan(25);
      for (const fault of plan) {
        const meanwhile = plan.filter(
          (other) => other.atMs <= fault.atMs && other.atMs + other.durationMs > fault.atMs,
        );
        expect(meanwhile.length).toBeLessThanOrEqual(2);
        expect(new Set(meanwhile.map(spotOf)).size).toBe(meanwhile.length);
      }
    }
  });
});

describe('faults', () => {
  const never = new AbortController().signal;
  const at = { atMs: 0, durationMs: 300 };

  test('kill, restart and pause count when the process shows it, and not when there is none', async () => {
    const role = new ManagedProcess({
      name: 'role-1',
      kind: 'ingest',
      command: 'sleep',
      args: ['1000'],
      cwd: folder,
      logFile: join(folder, 'role.log'),
    });
    const surface = { roles: [role], links: [], disks: [], stores: [] };
    await role.start();
    const pid = role.pid();
    const pause = { ...at, kind: 'pause' as const, role: 'role-1' };
    expect(await inflict(pause, surface, never)).toContain(`process ${pid} was stopped`);
    const kill = { ...at, kind: 'kill' as const, role: 'role-1', downMs: 0 };
    expect(await inflict(kill, surface, never)).toContain(`process ${pid} was killed`);
    const restart = { ...at, kind: 'restart' as const, role: 'role-1' };
    expect(await inflict(restart, surface, never)).toContain('ended with SIGTERM');
    await role.end('SIGKILL');
    expect(await inflict(pause, surface, never)).toBeNull();
  });

  test('a process that ends by itself is started again', async () => {
    const ends: string[] = [];
    const role = new ManagedProcess({
      name: 'short',
      kind: 'ingest',
      command: 'false',
      args: [],
      cwd: folder,
      logFile: join(folder, 'short.log'),
      onUnexpectedEnd: (how) => ends.push(how),
    });
    await role.start();
    await sleep(1700);
    await role.end('SIGKILL');
    expect(ends.slice(0, 2)).toEqual(['exit code 1', 'exit code 1']);
  });

  test.skipIf(isSkipped(tmpfsMissing()))(
    'a disk is full to the last page, and free again',
    async () => {
      const disk = new TmpfsDisk({ name: 'disk', folder: join(folder, 'disk'), megabytes: 8 });
      try {
        const surface = { roles: [], links: [], disks: [disk], stores: [] };
        writeFileSync(join(disk.folder, 'before'), 'something');
        const full = inflict({ ...at, kind: 'disk_full', disk: 'disk' }, surface, never);
        await sleep(50);
        expect(() => {
          writeFileSync(join(disk.folder, 'more'), 'something');
        }).toThrow(/ENOSPC/);
        expect(await full).toContain('0 bytes free');
        writeFileSync(join(disk.folder, 'more'), 'something');
      } finally {
        disk.unmount();
      }
    },
  );
});

describe('a link', () => {
  test.each([
    ['drop', ''],
    ['drop_requests', ''],
    ['drop_replies', 'ask'],
  ] as const)('%s', async (fault, expected) => {
    const heard: string[] = [];
    await using echo = await echoServer(heard);
    const proxy = await linkTo(echo.port);
    try {
      expect(await ask(proxy.port, 'before')).toBe('before');
      heard.length = 0;
      proxy.link.break(fault);
      const answer = ask(proxy.port, 'ask', 3000);
      await sleep(300);
      expect(heard.join('')).toBe(expected);
      expect(proxy.link.heal()).toBeGreaterThan(0);
      // What was lost on the way makes it no stream any more.
      await expect(answer).rejects.toThrow(lost);
      expect(await ask(proxy.port, 'after')).toBe('after');
    } finally {
      await proxy.link.stop();
    }
  });

  test('delay: everything comes, and late', async () => {
    await using echo = await echoServer([]);
    const proxy = await linkTo(echo.port);
    try {
      proxy.link.break('delay');
      const from = performance.now();
      expect(await ask(proxy.port, 'ask', 5000)).toBe('ask');
      expect(performance.now() - from).toBeGreaterThan(1000);
      expect(proxy.link.heal()).toBeGreaterThan(0);
    } finally {
      await proxy.link.stop();
    }
  });

  test('a link that nothing goes over shows no effect', async () => {
    await using echo = await echoServer([]);
    const { link } = await linkTo(echo.port);
    link.break('drop');
    expect(link.heal()).toBe(0);
    await link.stop();
  });

  test('reset: those that are there and those that come', async () => {
    await using echo = await echoServer([]);
    const proxy = await linkTo(echo.port);
    try {
      proxy.link.break('reset');
      await expect(ask(proxy.port, 'x')).rejects.toThrow(lost);
      expect(proxy.link.heal()).toBeGreaterThan(0);
      expect(await ask(proxy.port, 'y')).toBe('y');
    } finally {
      await proxy.link.stop();
    }
  });
});

describe('a store', () => {
  const outcomes: Record<StoreFault, { status: number | 'error'; carriedOut: boolean }> = {
    error_500: { status: 500, carriedOut: false },
    too_many_parts: { status: 500, carriedOut: false },
    unavailable: { status: 503, carriedOut: false },
    read_only: { status: 500, carriedOut: false },
    answer_lost: { status: 'error', carriedOut: true },
    stall: { status: 'error', carriedOut: false },
    garbage: { status: 'error', carriedOut: false },
  };

  test.each(storeFaults)('%s', async (fault) => {
    const bodies: string[] = [];
    const store = createServer((request, response) => {
      let body = '';
      request.on('data', (data: Buffer) => (body += data.toString()));
      request.on('end', () => {
        bodies.push(body);
        response.end('Ok.\n');
      });
    });
    await new Promise<void>((done) => store.listen(0, '127.0.0.1', done));
    // A server that listens on TCP has an address of this form.
    const { port: target } = store.address() as AddressInfo;
    const port = await freePort();
    const proxy = new StoreProxy({ name: 'store', port, target });
    await proxy.start();
    const insert = async (): Promise<number | 'error'> =>
      fetch(`http://127.0.0.1:${port}/?query=INSERT+INTO+t`, { method: 'POST', body: 'rows' }).then(
        ({ status }) => status,
        () => 'error',
      );
    try {
      expect(await insert()).toBe(200);
      proxy.misbehave(fault);
      const answer = insert();
      await sleep(200);
      expect(proxy.behave()).toBe(1);
      expect(await answer).toBe(outcomes[fault].status);
      expect(bodies).toHaveLength(outcomes[fault].carriedOut ? 2 : 1);
      expect(await insert()).toBe(200);
    } finally {
      await proxy.stop();
      await new Promise((done) => store.close(done));
    }
  });
});

/** How a connection ends that was reset. */
const lost = /closed|ECONNRESET|no answer/;

async function linkTo(target: number): Promise<{ link: TcpProxy; port: number }> {
  const port = await freePort();
  const link = new TcpProxy({ name: 'link', port, target });
  await link.start();
  return { link, port };
}

async function echoServer(heard: string[]): Promise<AsyncDisposable & { port: number }> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      heard.push(data.toString());
      socket.write(data);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      await new Promise((done) => server.close(done));
    },
  };
}

async function ask(port: number, text: string, timeoutMs = 2000): Promise<string> {
  return new Promise((done, fail) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(text));
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), timeoutMs);
    socket.once('data', (data) => {
      done(data.toString());
      socket.destroy();
    });
    socket.once('error', fail);
    socket.once('close', () => {
      clearTimeout(timer);
      fail(new Error('closed'));
    });
  });
}
