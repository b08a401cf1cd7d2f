/**
 * Rotation as each runtime does it. All of them rename and begin a new file; every step can be done
 * again, so that a writer that was killed in the middle goes on where it was.
 *
 *     kubelet      0.log -> 0.log.20260131-150405; the one before it -> .gz, by way of .tmp
 *     docker, logrotate   .2 -> .3, .1 -> .2, app.log -> app.log.1
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { LogFormat } from './unit.ts';

/** Moves the current file out of the way. */
export function rotateAway(format: LogFormat, path: string, now: Date): void {
  if (format === 'cri') renameSync(path, `${path}.${stamp(now)}`);
  else shiftNumbered(path);
}

/** One second is the finest that a name of the kubelet tells. */
export function canRotate(format: LogFormat, path: string, now: Date): boolean {
  const name = `${path}.${stamp(now)}`;
  return format !== 'cri' || !(existsSync(name) || existsSync(`${name}.gz`));
}

/** Compresses all rotated files but the newest, as the kubelet does after a rotation. */
export function compressOlder(format: LogFormat, path: string): void {
  if (format !== 'cri') return;
  for (const file of rotatedFiles(format, path)) {
    if (file.endsWith('.tmp')) rmSync(file, { force: true });
  }
  const plain = rotatedFiles(format, path).filter((file) => !file.endsWith('.gz'));
  for (const file of plain.slice(0, -1)) {
    if (!existsSync(`${file}.gz`)) {
      writeFileSync(`${file}.tmp`, gzipSync(readFileSync(file)));
      renameSync(`${file}.tmp`, `${file}.gz`);
    }
    rmSync(file, { force: true });
  }
}

/** Oldest first. */
export function rotatedFiles(format: LogFormat, path: string): string[] {
  const base = `${basename(path)}.`;
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(base));
  const order = (a: string, b: string): number =>
    format === 'cri' ? (a < b ? -1 : 1) : numberOf(b) - numberOf(a);
  return names.sort(order).map((name) => join(dirname(path), name));
}

function shiftNumbered(path: string): void {
  let hole = 1;
  while (existsSync(`${path}.${hole}`)) hole += 1;
  for (let number = hole; number > 1; number -= 1) {
    renameSync(`${path}.${number - 1}`, `${path}.${number}`);
  }
  renameSync(path, `${path}.1`);
}

function numberOf(name: string): number {
  return Number(/\.(\d+)$/.exec(name)?.[1] ?? 0);
}

function stamp(now: Date): string {
  const text = now.toISOString();
  return `${text.slice(0, 10).replaceAll('-', '')}-${text.slice(11, 19).replaceAll(':', '')}`;
}
