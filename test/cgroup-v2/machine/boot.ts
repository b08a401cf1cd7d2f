/** Runs the emulated machine to its end. Emulated whole: nested virtualisation is not relied on. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import type { Disks } from './disk.ts';
import type { MachineParts } from './parts.ts';

export interface BootOptions {
  /** Folder of the repository, read only in the machine. */
  repository: string;
  /** Folder that the machine writes to. */
  share: string;
  deadlineMs: number;
}

/** Resolves when the machine is off: with what went wrong, or null. */
export async function boot(
  parts: MachineParts,
  disks: Disks,
  options: BootOptions,
): Promise<string | null> {
  const { qemu, kernel, release } = parts;
  const { repository, share, deadlineMs } = options;
  const log = openSync(join(share, 'qemu.log'), 'w');
  const machine = spawn(
    join(qemu, 'usr/bin/qemu-system-x86_64'),
    [
      '-M q35 -accel tcg -cpu max -smp 2 -m 4096 -nodefaults -display none -no-reboot -nic none'.split(
        ' ',
      ),
      ['-serial', `file:${join(share, 'console.log')}`],
      ['-L', join(qemu, 'usr/share/qemu'), '-L', join(qemu, 'usr/share/seabios')],
      ['-kernel', join(kernel, 'boot', `vmlinuz-${release}`), '-initrd', disks.initrd],
      ['-append', 'console=ttyS0 quiet psi=1 panic=-1'],
      ['-drive', `file=${disks.disk},if=virtio,format=raw,cache=unsafe`],
      shared(repository, 'repository', ',readonly=on'),
      shared(share, 'share', ''),
    ].flat(),
    {
      env: { ...process.env, LD_LIBRARY_PATH: libraryPath(qemu) },
      stdio: ['ignore', log, log],
    },
  );
  const timer = setTimeout(() => machine.kill('SIGKILL'), deadlineMs);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    machine.once('error', reject);
    machine.once('exit', (...ended) => {
      resolve(ended);
    });
  });
  clearTimeout(timer);
  if (signal !== null) return `it was still on after ${deadlineMs / 1000} s`;
  return code === 0 ? null : `QEMU ended with ${code}`;
}

function shared(path: string, tag: string, more: string): string[] {
  return ['-virtfs', `local,path=${path},mount_tag=${tag},security_model=none${more}`];
}

function libraryPath(qemu: string): string {
  const folders = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'];
  return folders.map((folder) => join(qemu, folder)).join(':');
}
