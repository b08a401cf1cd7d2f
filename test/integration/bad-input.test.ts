/**
 * What is wrong from outside must not crash, hang or lose: damaged logs, a full disk, a taken
 * port, a second process, a broken configuration, hostile SQL. Against the real process.
 */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventPage, FleetSummary, LogPage } from '@plimsoll/model/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { type PlimsollProcess, runPlimsoll, startPlimsoll } from '../harness/plimsoll-process.ts';
import { isSkipped } from '../harness/requirement.ts';

const api = '/api/plimsoll/v1';
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bad-'));
const logs = join(folder, 'logs');
const noDocker = { docker: { enabled: false } };
const fiveMebibytes = 5 * 2 ** 20;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a running process', () => {
  let plimsoll: PlimsollProcess;

  beforeAll(async () => {
    mkdirSync(logs, { recursive: true });
    plimsoll = await startPlimsoll({
      folder: join(folder, 'running'),
      config: { collector: { ...noDocker, logs: { files: [join(logs, '*.log')] } } },
    });
  }, 90_000);

  afterAll(() => plimsoll?.end('SIGTERM'));

  /** Messages of one file, oldest first. */
  const stored = async (name: string): Promise<string[]> => {
    const rows = await plimsoll.sql(
      `SELECT message FROM logs WHERE container_name = '${join(logs, name)}' ORDER BY position`,
    );
    return rows.map((row) => String(row[0]));
  };

  it('keeps NUL and bytes that are no UTF-8, each line once', { timeout: 60_000 }, async () => {
    const bytes = Buffer.concat([
      Buffer.from('before\n'),
      Buffer.from([0x61, 0x00, 0x62, 0x0a, 0xff, 0xfe, 0x80, 0x0a, 0xc3, 0x28, 0x0a]),
      Buffer.from('\t\\N\\n quoted "text" \\\\ \n\nafter\n'),
    ]);
    writeFileSync(join(logs, 'bytes.log'), bytes);
    const rows = await eventually('seven lines', 30_000, async () => {
      const found = await plimsoll.sql(
        `SELECT hex(message) FROM logs WHERE container_name = '${join(logs, 'bytes.log')}' ORDER BY position`,
      );
      return found.length >= 7 ? found : null;
    });
    const expected = bytes.toString('latin1').split('\n').slice(0, -1);
    expect(rows.map((row) => Buffer.from(String(row[0]), 'hex').toString('latin1'))).toEqual(
      expected,
    );
  });

  it('stores a line of 5 MiB whole, in stated pieces', { timeout: 60_000 }, async () => {
    writeFileSync(join(logs, 'long.log'), `${'x'.repeat(fiveMebibytes)}\nshort\n`);
    await eventually('the short line', 45_000, async () =>
      (await stored('long.log')).includes('short'),
    );
    const pieces = await plimsoll.sql(
      `SELECT sum(length(message)), max(length(message)) <= 1048576 FROM logs
       WHERE container_name = '${join(logs, 'long.log')}' AND message != 'short'`,
    );
    expect(pieces[0]?.map(Number)).toEqual([fiveMebibytes, 1]);
  });

  it('reads on after a file was emptied, replaced and deleted', { timeout: 60_000 }, async () => {
    const file = join(logs, 'changing.log');
    writeFileSync(join(logs, 'empty.log'), '');
    writeFileSync(file, 'first content, long enough to be longer than the next\n');
    await eventually(
      'the first line',
      30_000,
      async () => (await stored('changing.log')).length === 1,
    );
    truncateSync(file, 0);
    await sleep(1500);
    appendFileSync(file, 'after truncation\n');
    await eventually('the second', 30_000, async () =>
      (await stored('changing.log')).includes('after truncation'),
    );
    rmSync(file);
    writeFileSync(file, 'a new file of the old name\n');
    await eventually('the third', 30_000, async () =>
      (await stored('changing.log')).includes('a new file of the old name'),
    );
    expect(await stored('changing.log')).toHaveLength(3);
    const events = await plimsoll.get<EventPage>(
      `${api}/events?from=now-1h&to=now&kind=log_truncated`,
    );
    expect(events.items.length).toBeGreaterThan(0);
  });

  it('says that there is no Docker, and works without it', { timeout: 60_000 }, async () => {
    const fleet = await eventually('a heartbeat', 45_000, async () => {
      const answer = await plimsoll.get<FleetSummary>(`${api}/fleet`);
      return answer.pipeline.collectors_reporting === 1 ? answer : null;
    });
    expect(fleet.pipeline.runtimes_missing).toMatchObject([{ status: 'absent' }]);
    expect(fleet.hosts).toBe(1);
  });

  it.each([
    ['INSERT INTO logs (message) VALUES (1)'],
    ['DROP TABLE logs'],
    ['ALTER TABLE logs DELETE WHERE 1'],
    ['TRUNCATE TABLE logs'],
    ['CREATE TABLE x (a Int8) ENGINE = Memory'],
    ['SET readonly = 0'],
    ['SELECT 1 SETTINGS readonly = 0'],
    ['SELECT 1; DROP TABLE logs'],
    ["SELECT * FROM file('/etc/passwd', 'LineAsString')"],
    ["SELECT file('/etc/passwd')"],
    ["SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')"],
    ["SELECT * FROM s3('http://127.0.0.1:1/a/b', 'LineAsString')"],
    ["SELECT * FROM remote('127.0.0.1:1', system.one)"],
    ["SELECT * FROM executable('id', 'TabSeparated', 'a String')"],
    ["SELECT 1 INTO OUTFILE '/tmp/plimsoll-must-not-exist'"],
    ["/* SELECT */ SELECT * FROM /* x */ file /* y */ ('/etc/passwd', 'LineAsString')"],
    ["WITH x AS (SELECT * FROM file('/etc/passwd', 'LineAsString')) SELECT * FROM x"],
    ["SELECT (SELECT count() FROM file('/etc/passwd', 'LineAsString'))"],
    ['SELECT * FROM system.settings'],
    ['SELECT * FROM system.users'],
    ['SYSTEM SHUTDOWN'],
    ['KILL QUERY WHERE 1'],
  ])('refuses: %s', { timeout: 30_000 }, async (query) => {
    const response = await fetch(`${plimsoll.url}${api}/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const body = (await response.json()) as { error?: { code: string; message: string } };
    expect(response.status, JSON.stringify(body)).toBe(400);
    expect(body.error?.message).toBeTruthy();
    expect(JSON.stringify(body)).not.toContain('root:');
    expect(existsSync('/tmp/plimsoll-must-not-exist')).toBe(false);
  });

  it(
    'ends a query that takes all memory or time, and answers the next',
    { timeout: 90_000 },
    async () => {
      for (const query of [
        'SELECT groupArray(repeat(toString(number), 1000)) FROM numbers(100000000)',
        'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1',
      ]) {
        const response = await fetch(`${plimsoll.url}${api}/sql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query }),
        });
        expect(response.status).toBeGreaterThanOrEqual(400);
      }
      expect(await plimsoll.sql('SELECT 1')).toEqual([[1]]);
      expect(
        (await plimsoll.get<LogPage>(`${api}/logs?from=now-1h&to=now&limit=5`)).items.length,
      ).toBeGreaterThan(0);
    },
  );

  it('refuses a second process on its data folder', { timeout: 90_000 }, async () => {
    const second = await runPlimsoll({
      folder: join(folder, 'second'),
      config: { data_dir: join(folder, 'running', 'data'), collector: noDocker },
    });
    expect(second.code).toBe(1);
    expect(second.output).toMatch(/expected the data folder to be free, but process \d+ uses it/);
    expect(second.output).not.toMatch(/\n\s+at /);
  });

  it('stops within seconds on SIGTERM', { timeout: 30_000 }, async () => {
    const start = performance.now();
    expect(await plimsoll.end('SIGTERM')).toBe(0);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe('a start that cannot be', () => {
  it('names the port that is taken', { timeout: 90_000 }, async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const run = await runPlimsoll({
      folder: join(folder, 'port'),
      port,
      config: { collector: noDocker },
    });
    server.close();
    expect(run.code).toBe(1);
    expect(run.output).toContain(String(port));
    expect(run.output).not.toMatch(/\n\s+at /);
  });

  it('reports every problem of a configuration at once', { timeout: 90_000 }, async () => {
    const run = await runPlimsoll({
      folder: join(folder, 'config'),
      config: {
        colector: {},
        ingest: { flush_interval: '5 sec' },
        alerting: { webhooks: [{ name: 'a', url: 'no url' }] },
      },
    });
    expect(run.code).toBe(1);
    expect(run.output).toContain('colector');
    expect(run.output).toContain(
      'ingest.flush_interval: expected a duration such as 5s, got "5 sec"',
    );
    expect(run.output).toContain('alerting.webhooks[0].url');
    expect(existsSync(join(folder, 'config', 'data'))).toBe(false);
  });
});

describe.skipIf(isSkipped(process.getuid?.() === 0 ? null : 'not root'))('a full disk', () => {
  const small = join(folder, 'small');

  afterAll(() => {
    execFileSync('umount', ['-l', small]);
  });

  it('is waited out: nothing lost, nothing doubled', { timeout: 240_000 }, async () => {
    mkdirSync(small, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300m', 'tmpfs', small]);
    mkdirSync(join(folder, 'full-logs'));
    const file = join(folder, 'full-logs', 'numbered.log');
    writeFileSync(file, '');
    const plimsoll = await startPlimsoll({
      folder: join(folder, 'full'),
      config: {
        data_dir: join(small, 'data'),
        collector: { ...noDocker, logs: { files: [file] } },
      },
    });
    const append = (from: number, to: number): void => {
      let text = '';
      for (let n = from; n <= to; n++) text += `numbered line ${n} of the file\n`;
      appendFileSync(file, text);
    };
    const distinct = async (): Promise<number> =>
      Number(
        (
          await plimsoll.sql(`SELECT uniqExact(message) FROM logs WHERE container_name = '${file}'`)
        )[0]?.[0],
      );
    append(1, 1000);
    await eventually('lines before', 30_000, async () => (await distinct()) === 1000);
    execFileSync('sh', ['-c', `dd if=/dev/zero of=${small}/filler bs=1M 2>/dev/null || true`]);
    append(1001, 20_000);
    await sleep(6000);
    expect(plimsoll.child.exitCode).toBe(null);
    rmSync(join(small, 'filler'));
    await eventually('lines after', 120_000, async () => (await distinct()) === 20_000);
    const total = await plimsoll.sql(`SELECT count() FROM logs WHERE container_name = '${file}'`);
    expect(Number(total[0]?.[0])).toBe(20_000);
    await plimsoll.end('SIGTERM');
  });
});
