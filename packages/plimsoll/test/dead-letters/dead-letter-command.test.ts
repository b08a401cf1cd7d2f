import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeTerminal, runCommandLine } from '@plimsoll/cli';
import { encodeFrame, hostLabels } from '@plimsoll/model';
import { silentLogger } from '@plimsoll/runtime';
import { DeadLetterReplays, FolderDeadLetters, type OutboundFrame } from '@plimsoll/transport';
import { beforeEach, describe, expect, test } from 'vitest';
import { program } from '../../src/program.ts';

let dataDir: string;
let letters: FolderDeadLetters;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'plimsoll-letters-'));
  letters = new FolderDeadLetters({ directory: join(dataDir, 'dead-letters') });
});

async function run(...args: string[]) {
  const terminal = fakeTerminal({ cwd: dataDir });
  const code = await runCommandLine(
    program,
    ['dead-letter', ...args, '--data-dir', dataDir],
    terminal,
  );
  return { code, output: terminal.output(), errors: terminal.errors() };
}

const origin = {
  tenant: 'shop',
  host: 'host1',
  boot_id: 'b',
  collector_id: 'c',
  epoch: 1,
  sequence: 7,
  created_at_ms: 0,
};
const rowsFrame = encodeFrame(
  { kind: 'rows', header: { ...origin, table: 'events', columns: ['time', 'zzz'], rows: 2 } },
  [Buffer.from('["no time","\u001b[31mred"]\n["2026-01-15 10:00:00","b"]\n')],
);
const logsFrame = encodeFrame(
  {
    kind: 'logs',
    header: {
      ...origin,
      sources: [
        {
          labels: { ...hostLabels('shop', 'host1'), container_name: 'web' },
          format: 'plain',
          file_id: 'f1',
          path: '/var/log/web',
          stream: '',
        },
      ],
      chunks: [{ source: 0, start: 100, end: 108, lines: 2 }],
    },
  },
  [Buffer.from('one\ntwo\n')],
);

async function setAside(): Promise<void> {
  const timeMs = Date.UTC(2026, 0, 15, 10);
  const letter = { partition: 'direct', part: '', timeMs };
  const reason = 'the engine refused it (No such column zzz)';
  await letters.write({ ...letter, offset: 1, cause: 'refused', reason, bytes: await rowsFrame });
  await letters.write({
    ...letter,
    offset: 2,
    part: '-0-100',
    cause: 'refused',
    reason: 'ZSTD_DECODER_FAILED',
    bytes: await logsFrame,
    timeMs: timeMs + 1000,
  });
  await letters.write({
    ...letter,
    offset: 3,
    cause: 'unreadable',
    reason: 'checksum: the frame was altered\u001b]0;title\u0007',
    bytes: Buffer.from('no frame'),
    timeMs: timeMs + 2000,
  });
}

describe('dead-letter list', () => {
  test('of none says where it looked', async () => {
    expect(await run('list')).toEqual({
      code: 0,
      output: `No dead letters (${join(dataDir, 'dead-letters')}).\n`,
      errors: '',
    });
  });

  test('says of each where it came from, what it holds and why; no control characters', async () => {
    await setAside();
    const { output } = await run('list');
    const lines = output.trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ {2,}/).join(' | ').replace(/\d+ B/, 'n B'))).toEqual([
      'ID | TIME | TENANT | HOST | HOLDS | SIZE | REASON',
      'direct-1 | 2026-01-15T10:00:00Z | shop | host1 | events, 2 rows | n B | the engine refused it (No such column zzz)',
      'direct-2-0-100 | 2026-01-15T10:00:01Z | shop | host1 | web [100, 108) 2 lines | n B | ZSTD_DECODER_FAILED',
      'direct-3 | 2026-01-15T10:00:02Z | - | - | unreadable | n B | checksum: the frame was altered ]0;title',
    ]);
  });

  test('by reason and partition, and as JSON', async () => {
    await setAside();
    const { output } = await run('list', '--reason', 'no SUCH column', '--json');
    expect(JSON.parse(output)).toMatchObject([
      { id: 'direct-1', kind: 'rows', table: 'events', rows: 2, tenant: 'shop', state: 'waiting' },
    ]);
    expect(JSON.parse((await run('list', '--json', '--partition', 't/0')).output)).toEqual([]);
  });

  test('names a damaged journal file, and a letter of an earlier version', async () => {
    const folder = join(dataDir, 'dead-letters');
    mkdirSync(folder);
    const name = '0000000000000007-0000000000000009.batch';
    writeFileSync(join(folder, name), 'PLMJ');
    writeFileSync(join(folder, `${name}.reason`), 'the checksum does not match\n');
    writeFileSync(join(folder, 'direct-5-100.frame'), await logsFrame);
    writeFileSync(join(folder, 'direct-5-100.reason'), 'the engine refused it (x)\n');
    const { output } = await run('list', '--json');
    expect(
      (JSON.parse(output) as { id: string }[]).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    ).toMatchObject([
      { id: name, cause: 'damaged', offset: 7, reason: 'the checksum does not match' },
      { id: 'direct-5-100', cause: 'refused', offset: 5, reason: 'the engine refused it (x)' },
    ]);
    expect(await letters.count()).toBe(2);
  });
});

describe('dead-letter show', () => {
  test('prints the header and the first lines', async () => {
    await setAside();
    const { output } = await run('show', 'direct-1');
    expect(output).toContain('reason     the engine refused it (No such column zzz)\n');
    expect(output).toContain('"table": "events"');
    expect(output).toContain('  ["no time"," [31mred"]\n');
    expect((await run('show', 'direct-2-0-100')).output).toContain('first lines\n  one\n  two\n');
    expect((await run('show', 'direct-3')).output).toContain('frame      cannot be read: prelude');
    const shown: unknown = JSON.parse((await run('show', 'direct-2-0-100', '--json')).output);
    expect(shown).toMatchObject({ id: 'direct-2-0-100', lines: ['one', 'two'] });
  });

  test.each(['nothing', '../../etc/passwd', ''])('of "%s" there is none', async (id) => {
    await setAside();
    const { code, errors } = await run('show', ...(id === '' ? [] : [id]));
    expect(code).toBe(2);
    expect(errors).toContain('expected');
  });
});

describe('dead-letter replay', () => {
  test('wants ids or --all', async () => {
    expect(await run('replay')).toMatchObject({ code: 2 });
    expect(await run('replay', 'direct-1', '--all')).toMatchObject({ code: 2 });
    expect(await run('replay', 'direct-1')).toMatchObject({ code: 2 });
  });

  test('says what it would do, and does nothing', async () => {
    await setAside();
    const { code, output } = await run('replay', '--all', '--dry-run');
    expect(code).toBe(1);
    expect(output.split('\n').slice(0, 2)).toEqual([
      'direct-1: would be replayed (events, 2 rows)',
      'direct-2-0-100: would be replayed (web [100, 108) 2 lines)',
    ]);
    expect(output).toContain('direct-3: not replayed (this version cannot read it: prelude');
    expect(await letters.requested()).toEqual([]);
    expect(await letters.count()).toBe(3);
  });

  test('leaves letters to the next start where no process runs', async () => {
    await setAside();
    const { code, output } = await run('replay', 'direct-1');
    expect({ code, output }).toEqual({
      code: 0,
      output:
        'direct-1: asked for (no process runs on the data folder: it is replayed at the next start)\n',
    });
    expect(await letters.requested()).toEqual(['direct-1']);
    expect((await run('list')).output).toContain('(replaying) the engine refused it');
    expect(await letters.count()).toBe(3);
  });

  test('is done by the process that runs on the data folder', async () => {
    await setAside();
    // This process stands for it.
    writeFileSync(
      join(dataDir, 'plimsoll.lock'),
      `${JSON.stringify({ pid: process.ppid, startedAt: null })}\n`,
    );
    const published: OutboundFrame[] = [];
    const replays = new DeadLetterReplays({
      letters,
      publisher: { publish: async (frame) => void published.push(frame) },
      logger: silentLogger(),
      intervalMs: 10,
    });
    replays.start();
    const { code, output } = await run('replay', '--all');
    await replays.stop();
    expect(code).toBe(1);
    expect(output).toContain(
      'direct-1: replayed (by the process that runs on the data folder)\ndirect-2-0-100: replayed',
    );
    expect(output).toContain('direct-3: not replayed (this version cannot read it: ');
    expect(published).toEqual([
      { key: 'shop/host1', kind: 'rows', bytes: await rowsFrame },
      { key: 'shop/host1', kind: 'logs', bytes: await logsFrame },
    ]);
    expect(await letters.count()).toBe(1);
    expect((await run('list', '--all')).output).toContain('(replayed) the engine refused it');
    expect((await run('list')).output).not.toContain('direct-1');
    expect(readdirSync(join(dataDir, 'dead-letters', 'replayed'))).toHaveLength(4);
  });
});
