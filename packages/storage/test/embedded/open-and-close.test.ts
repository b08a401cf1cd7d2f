import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { explainOpenFailure } from '../../src/embedded/data-folder.ts';
import { openEngine, type OpenEngineOptions } from '../../src/index.ts';
import { rejection } from '../support/settled.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-open-'));
});
afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true, force: true });
});

const options = (): OpenEngineOptions => ({
  mode: 'embedded',
  path: join(folder, 'engine'),
  database: 'plimsoll',
});

describe('opening', () => {
  test('what is stored is there after closing and opening again', async () => {
    const first = await openEngine(options());
    await first.command('CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a');
    await first.insert({ table: 't', columns: ['a'], format: 'CSV', data: Buffer.from('7\n') });
    await first.close();
    await first.close();
    expect(await rejection(first.select('SELECT 1'))).toMatchObject({ code: 'closed' });
    const second = await openEngine(options());
    expect(await second.select('SELECT a FROM t')).toEqual([{ a: 7 }]);
    await second.close();
  });

  test('close lets a running query end', async () => {
    const engine = await openEngine(options());
    const running = engine.select('SELECT sleep(0.5) AS a');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await engine.close();
    expect(await running).toEqual([{ a: 0 }]);
  });

  test('a folder that another process holds: says which process and what to do', async () => {
    const script = `
      import { openEngine } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
      const engine = await openEngine(${JSON.stringify(options())});
      console.log('open');
      process.stdin.on('end', async () => { await engine.close(); process.exit(0); }).resume();`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const error = await rejection(openEngine(options()));
    expect(error).toMatchObject({ code: 'locked' });
    expect(String(error)).toContain(`process ${holder.pid}`);
    expect(String(error)).toContain('stop it');
    holder.stdin.end();
    await once(holder, 'exit');
    const engine = await openEngine(options());
    await engine.close();
  });

  test('a path that is a file is not writable', async () => {
    await writeFile(join(folder, 'engine'), 'x');
    const error = await rejection(openEngine(options()));
    expect(error).toMatchObject({ code: 'not_writable' });
    expect(String(error)).toContain('data_dir');
  });

  test('a server that is not there is unreachable', async () => {
    const error = await rejection(
      openEngine({ ...options(), mode: 'server', url: 'http://127.0.0.1:1' }),
    );
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(String(error)).toContain('storage.url');
  });
});

test.each([
  [
    'Cannot lock file /x/status. Another server instance in same directory is already running.',
    'locked',
  ],
  ['Cannot write to file descriptor, errno: 28, strerror: No space left on device', 'disk_full'],
  ['Cannot open file /x/y, errno: 13, strerror: Permission denied', 'not_writable'],
  ['Cannot open file /x/y, errno: 30, strerror: Read-only file system', 'not_writable'],
  ['something else', 'engine'],
])('a failure to open is explained: %s', (message, code) => {
  expect(explainOpenFailure(folder, new Error(message))).toMatchObject({ code });
});
