import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@plimsoll/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TcpStateReads } from '../../../src/stats/background/tcp-states.ts';
import { TcpTable } from '../../../src/stats/background/tcp-table.ts';
import { ContainerValues } from '../../../src/stats/container-values.ts';
import type { TcpStates } from '../../../src/stats/parse/tcp.ts';

const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n';
let root = '';
let clock: ManualClock;
let reads: TcpStateReads;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-tcp-'));
  clock = new ManualClock();
  reads = new TcpStateReads({ clock, intervalMs: 30_000 });
});
afterEach(() => {
  reads.close();
  rmSync(root, { recursive: true, force: true });
});

function line(state: string): string {
  return `   0: 0100007F:1F90 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000\n`;
}

function write(pid: string, states: readonly string[], family: 'tcp' | 'tcp6' = 'tcp'): void {
  mkdirSync(join(root, pid, 'net'), { recursive: true });
  writeFileSync(join(root, pid, 'net', family), header + states.map(line).join(''));
}

/** Says how many sockets a container has; gives the states that stand in its row. */
function exchange(dockerId: string, sockets: number, timeWait = 0): (number | null)[] {
  const values = new ContainerValues();
  values.set('tcp_sockets_in_use', sockets);
  values.set('tcp_sockets_time_wait', timeWait);
  reads.exchange({ dockerId, directory: join(root, dockerId) }, values);
  return (
    [
      'tcp_sockets_established',
      'tcp_sockets_syn_sent',
      'tcp_sockets_fin_wait',
      'tcp_sockets_close_wait',
      'tcp_sockets_listening',
    ] as const
  ).map((name) => (Number.isNaN(values.get(name)) ? null : values.get(name)));
}

const unknown = [null, null, null, null, null];

/** Does what is due, a second at a time; gives how many namespaces were read. */
async function runFor(seconds: number): Promise<number> {
  const before = reads.readsTotal;
  for (let second = 0; second < seconds; second++) {
    await clock.advance(1000);
    while (reads.step());
  }
  return reads.readsTotal - before;
}

describe('sockets by state', () => {
  it('stand in one row after they were read, IPv4 and IPv6 together', async () => {
    write('one', ['0A', '01', '08', '08', '04']);
    write('one', ['0A', '05', '02'], 'tcp6');
    expect(exchange('one', 8)).toEqual(unknown);
    await runFor(1);
    expect(exchange('one', 8)).toEqual([1, 1, 2, 2, 2]);
    expect(exchange('one', 8)).toEqual(unknown);
  });

  it('are zero without reading where there is no socket', async () => {
    expect(exchange('one', 0)).toEqual([0, 0, 0, 0, 0]);
    expect(await runFor(10)).toBe(0);
    expect(exchange('one', 0)).toEqual([0, 0, 0, 0, 0]);
  });

  it('are read where only closing sockets are left', async () => {
    write('one', ['05']);
    expect(exchange('one', 0, 1)).toEqual(unknown);
    expect(await runFor(1)).toBe(1);
  });

  it('are read of one namespace a second at most, each once in an interval', async () => {
    for (let index = 0; index < 5; index++) {
      write(`c${index}`, ['01']);
      exchange(`c${index}`, 1);
    }
    expect(await runFor(3)).toBe(3);
    expect(await runFor(20)).toBe(2);
    expect(await runFor(12)).toBeGreaterThanOrEqual(4);
  });

  it('are read sooner where sockets have become more, and the others still get their turn', async () => {
    for (const name of ['still', 'growing']) {
      write(name, ['01']);
      exchange(name, 1);
    }
    await runFor(2);
    let sockets = 1;
    let still = 0;
    for (let second = 0; second < 60; second++) {
      sockets++;
      exchange('growing', sockets);
      await runFor(1);
      if (exchange('still', 1)[0] !== null) still++;
    }
    expect(reads.readsTotal).toBeGreaterThan(50);
    expect(still).toBeGreaterThanOrEqual(2);
  });

  it('of a process that has ended stay unknown, and are not asked for again after its removal', async () => {
    exchange('gone', 3);
    await runFor(2);
    expect(exchange('gone', 3)).toEqual(unknown);
    reads.remove('gone');
    expect(await runFor(60)).toBe(0);
  });
});

function readAll(directory: string, buffer: Buffer): TcpStates | 'gone' {
  const table = new TcpTable(directory, buffer);
  for (;;) {
    const found = table.step();
    if (found !== undefined) return found;
  }
}

describe('table of sockets', () => {
  it.each([100, 128, 1000, 65_536])('is the same through a buffer of %d bytes', (size) => {
    write(
      'one',
      Array.from({ length: 1000 }, (_, index) => (index % 2 === 0 ? '08' : '0A')),
    );
    expect(readAll(join(root, 'one'), Buffer.alloc(size))).toMatchObject({
      closeWait: 500,
      listening: 500,
    });
  });

  it('ends at a line without end, whatever its length', () => {
    mkdirSync(join(root, 'one/net'), { recursive: true });
    writeFileSync(join(root, 'one/net/tcp'), 'x'.repeat(100_000));
    expect(readAll(join(root, 'one'), Buffer.alloc(128))).toMatchObject({ listening: 0 });
  });

  it('is this process’s own, as the kernel gives it', async () => {
    const before = readAll('/proc/self', Buffer.alloc(65_536));
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const after = readAll('/proc/self', Buffer.alloc(65_536));
    server.close();
    if (before === 'gone' || after === 'gone') throw new Error('expected /proc/self/net/tcp');
    expect(after.listening).toBeGreaterThanOrEqual(1);
  });
});
