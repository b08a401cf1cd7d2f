/** The image of the fault fixtures: the program, compiled here, and a static busybox. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { dockerMissing } from './docker-daemon.ts';

export const faultImage = 'plimsoll-test/faults:1';
const source = join(import.meta.dirname, 'fault-program.c');

/** Why the fixtures cannot be run here, or null when they can. */
export function faultImageMissing(): string | null {
  const docker = dockerMissing();
  if (docker !== null) return docker;
  return existsSync('/usr/bin/gcc') ? null : 'gcc missing';
}

/** @returns an archive for `docker import`. */
export function buildFaultImage(folder: string): string {
  const root = join(folder, 'root');
  for (const name of ['bin', 'tmp']) mkdirSync(join(root, name), { recursive: true });
  execFileSync('gcc', ['-static', '-O1', '-pthread', '-o', join(root, 'faults'), source]);
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  chmodSync(join(root, 'bin/busybox'), 0o755);
  execFileSync('ln', ['-s', 'busybox', join(root, 'bin/sh')]);
  const archive = join(folder, 'faults.tar');
  execFileSync('tar', ['-C', root, '-cf', archive, '.']);
  return archive;
}
