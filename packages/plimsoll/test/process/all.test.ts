/** The all-in-one process as its user starts it, with the real engine and a plain log file. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runPlimsoll, spawnPlimsoll } from './spawn-plimsoll.ts';
import type { RunningPlimsoll } from './spawn-plimsoll.ts';

const cwd = mkdtempSync(join(tmpdir(), 'plimsoll-all-'));
const logFile = join(cwd, 'app.log');
const config = [
  'collector:',
  '  docker: {socket: /nonexistent/docker.sock}',
  `  logs: {files: [${logFile}]}`,
  'ingest: {flush_interval: 100ms}',
].join('\n');

let running: RunningPlimsoll;
let url = '';

async function until<T>(what: string, look: () => T | null | Promise<T | null>): Promise<T> {
  for (let attempt = 0; attempt < 900; attempt++) {
    const found = await look();
    if (found !== null) return found;
    await sleep(100);
  }
  throw new Error(`waited in vain for ${what}:\n${running.errors()}`);
}

async function start(): Promise<void> {
  running = spawnPlimsoll(['all', '--port', '0'], { cwd });
  url = await until('the start', () => {
    if (running.child.exitCode !== null) throw new Error(running.errors());
    return /"url":"([^"]+)"/.exec(running.errors())?.[1] ?? null;
  });
}

async function stop(): Promise<number | null> {
  running.child.kill('SIGTERM');
  return running.ended;
}

async function linesStored(): Promise<number> {
  const statement = 'SELECT count() AS lines, uniqExact(file_id, position) AS distinct FROM logs';
  const { output, errors } = await runPlimsoll(['sql', '--url', url, '-f', 'json', statement], {
    cwd,
  });
  const rows: unknown = errors === '' ? JSON.parse(output) : [];
  const [row] = Array.isArray(rows) ? (rows as { lines: string; distinct: string }[]) : [];
  expect(row?.distinct).toBe(row?.lines);
  return Number(row?.lines);
}

/** Waits until so many are there, then for more that should not come. */
async function linesStoredOnce(count: number): Promise<number> {
  await until(`${count} lines`, async () => ((await linesStored()) >= count ? true : null));
  await sleep(1000);
  return linesStored();
}

beforeAll(async () => {
  writeFileSync(join(cwd, 'plimsoll.yaml'), config);
  writeFileSync(logFile, 'one\ntwo\nthree\n');
  await start();
}, 120_000);

afterAll(async () => {
  await stop();
  rmSync(cwd, { recursive: true, force: true });
});

describe('plimsoll all', { timeout: 120_000 }, () => {
  test('is ready, and names its checks', async () => {
    const response = await fetch(`${url}/readyz`);
    const body: unknown = await response.json();
    expect([response.status, body]).toMatchObject([200, { status: 'ok' }]);
    expect(body).toHaveProperty('checks', expect.arrayContaining([{ name: 'storage', ok: true }]));
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('serves its own metrics', async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toMatch(/plimsoll_process_build_info\{version="[\d.]+",role="all"\} 1/);
    expect(text).toContain('process_cpu_seconds_total');
  });

  test('stores each line of a log file once, also what is written later', async () => {
    expect(await linesStoredOnce(3)).toBe(3);
    appendFileSync(logFile, 'four\nfive\n');
    expect(await linesStoredOnce(5)).toBe(5);
  });

  test('keeps a second process off its data folder, without a stack', async () => {
    const { code, errors } = await runPlimsoll(['all', '--port', '0'], { cwd });
    expect(code).toBe(1);
    expect(errors).toContain(`but process ${running.child.pid} uses it`);
    expect(errors).toContain('(data_dir_locked)');
    expect(errors).not.toContain('    at ');
  });

  test('says that its port is in use, without a stack, and leaves the folder in order', async () => {
    const { port } = new URL(url);
    const args = ['all', '--port', port, '--data-dir', 'other'];
    const { code, errors } = await runPlimsoll(args, { cwd });
    expect(code).toBe(1);
    expect(errors).toContain(`expected to listen on 127.0.0.1:${port}, but another process does`);
    expect(errors).toContain('(port_in_use)');
    expect(errors).not.toContain('    at ');
    const again = ['sql', '--embedded', '--data-dir', 'other', 'SELECT 1'];
    expect(await runPlimsoll(again, { cwd })).toMatchObject({ code: 0, output: '1\r\n1\r\n' });
  });

  test('stops in order on SIGTERM and goes on where it was', async () => {
    const from = performance.now();
    expect(await stop()).toBe(0);
    expect(performance.now() - from).toBeLessThan(10_000);
    appendFileSync(logFile, 'six\n');
    await start();
    expect(await linesStoredOnce(6)).toBe(6);
  });

  test('has lost and doubled nothing after kill -9', async () => {
    appendFileSync(logFile, 'seven\neight\n');
    running.child.kill('SIGKILL');
    expect(await running.ended).toBeNull();
    await start();
    expect(await linesStoredOnce(8)).toBe(8);
  });
});
