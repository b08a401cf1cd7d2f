import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openEngine } from '@plimsoll/storage';
import { expect, test } from 'vitest';
import { fileCount, message } from './support/numbered-file.ts';

const lines = 60_000;
const kills = 5;
const child = fileURLToPath(new URL('support/kill-child.ts', import.meta.url));

const start = async (folder: string): Promise<ChildProcess> => {
  const running = spawn(process.execPath, [child, folder, String(lines)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(running.stdout, 'data');
  return running;
};

test(
  `kill -9 at ${kills} random moments of inserting: no line and no row missing, none doubled`,
  { timeout: 240_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plimsoll-kill-'));
    const moments: number[] = [];
    try {
      for (let time = 0; time < kills; time++) {
        const running = await start(folder);
        const moment = Math.floor(50 + Math.random() * 900);
        moments.push(moment);
        await wait(moment);
        running.kill('SIGKILL');
        await once(running, 'exit');
      }
      const last = await start(folder);
      await once(last, 'exit');
      expect(last.exitCode).toBe(0);
      const engine = await openEngine({
        mode: 'embedded',
        path: join(folder, 'engine'),
        database: 'plimsoll',
      });
      for (let file = 0; file < fileCount; file++) {
        const [row] = await engine.select<{ rows: number; positions: number; messages: number }>(
          'SELECT count() AS rows, uniqExact(position) AS positions, uniqExact(message) AS messages FROM logs WHERE file_id = {file:String}',
          { params: { file: `file-${file}` } },
        );
        expect({ file, moments, ...row }).toEqual({
          file,
          moments,
          rows: lines,
          positions: lines,
          messages: lines,
        });
        const sample = await engine.select<{ message: string }>(
          'SELECT message FROM logs WHERE file_id = {file:String} ORDER BY position LIMIT 3 OFFSET 30000',
          { params: { file: `file-${file}` } },
        );
        expect(sample.map((found) => found.message)).toEqual(
          [0, 1, 2].map((index) => message(file, 30_000 + index)),
        );
      }
      const stored = await engine.select<{ host: string; rows: number }>(
        'SELECT host, count() AS rows FROM host_stats GROUP BY host',
      );
      expect(stored.filter(({ rows }) => rows !== 1)).toEqual([]);
      const hosts = new Set(stored.map(({ host }) => host));
      const acknowledged = (await readFile(join(folder, 'acknowledged'), 'utf8'))
        .trim()
        .split('\n');
      expect(acknowledged.length).toBeGreaterThan(50);
      expect(acknowledged.filter((name) => !hosts.has(name))).toEqual([]);
      await engine.close();
      expect((await readdir(folder)).includes('dead-letters')).toBe(false);
      expect(
        (await readdir(join(folder, 'journal'))).filter((name) => name.endsWith('.batch')),
      ).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
