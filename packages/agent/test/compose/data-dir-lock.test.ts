import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { DataDirLock } from '../../src/compose/data-dir-lock.ts';

const lockPath = (): string => join(mkdtempSync(join(tmpdir(), 'plimsoll-lock-')), 'plimsoll.lock');

describe('the lock of a data folder', () => {
  test('is there while it is held, and gone afterwards', () => {
    const path = lockPath();
    const lock = new DataDirLock(path);
    lock.acquire();
    lock.acquire();
    expect(readFileSync(path, 'utf8')).toContain(`"pid":${process.pid}`);
    lock.release();
    lock.release();
    expect(existsSync(path)).toBe(false);
  });

  test('keeps a second owner out, by name', () => {
    const path = lockPath();
    new DataDirLock(path).acquire();
    expect(() => new DataDirLock(path).acquire()).toThrow(
      expect.objectContaining({
        code: 'data_dir_locked',
        message: `expected the data folder to be free, but process ${process.pid} uses it (${path})`,
      }),
    );
  });

  test('of a living process holds', () => {
    const path = lockPath();
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    try {
      writeFileSync(path, JSON.stringify({ pid: child.pid }));
      expect(() => new DataDirLock(path).acquire()).toThrow(`process ${child.pid} uses it`);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('of an earlier process with the same id counts for nothing', () => {
    const path = lockPath();
    writeFileSync(path, JSON.stringify({ pid: process.pid, startedAt: '1' }));
    const lock = new DataDirLock(path);
    lock.acquire();
    lock.release();
    expect(existsSync(path)).toBe(false);
  });

  test.each(['', 'nonsense', '{}', '{"pid":0}', '{"pid":4194305}', '[]'])(
    'left behind as %j counts for nothing',
    (content) => {
      const path = lockPath();
      writeFileSync(path, content);
      const lock = new DataDirLock(path);
      lock.acquire();
      expect(readFileSync(path, 'utf8')).toContain(`"pid":${process.pid}`);
      lock.release();
    },
  );
});
