/** What the emulated machine boots from: an initial RAM disk, and an ext4 disk with Docker on it. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { MachineParts } from './parts.ts';

export interface Disks {
  initrd: string;
  disk: string;
}

/** Loaded before there is a disk to load from. */
const earlyModules = ['virtio_pci', 'virtio_blk', 'ext4', 'crc32c_generic'];
const programs = [
  '/usr/sbin/dockerd',
  '/usr/bin/containerd',
  '/usr/bin/containerd-shim-runc-v2',
  '/usr/sbin/runc',
  '/usr/bin/docker',
  '/usr/bin/docker-init',
  '/bin/tar',
];
/** Of the kernel, on the disk: what Docker and the shared folder need. */
const moduleFolders = [
  'kernel/fs',
  'kernel/net',
  'kernel/drivers/net',
  'kernel/drivers/virtio',
  'kernel/lib',
  'kernel/crypto',
  'kernel/arch',
];

export function makeDisks(parts: MachineParts, options: { folder: string; node: string }): Disks {
  const disks = {
    initrd: join(options.folder, 'initrd.gz'),
    disk: join(options.folder, 'disk.img'),
  };
  makeInitrd(parts, options.folder, disks.initrd);
  const root = join(options.folder, 'root');
  makeRoot(root, parts, options.node);
  execFileSync('truncate', ['-s', '6G', disks.disk]);
  execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', root, disks.disk]);
  rmSync(root, { recursive: true });
  return disks;
}

function makeInitrd(parts: MachineParts, folder: string, file: string): void {
  const root = join(folder, 'initrd');
  for (const name of ['bin', 'proc', 'dev', 'new', 'modules']) {
    mkdirSync(join(root, name), { recursive: true });
  }
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  const modules = moduleFiles(parts);
  for (const module of modules) copyFileSync(module, join(root, 'modules', basename(module)));
  const lines = [
    '#!/bin/busybox sh',
    '/bin/busybox mount -t devtmpfs dev /dev',
    ...modules.map((module) => `/bin/busybox insmod /modules/${basename(module)}`),
    'n=0; while [ ! -b /dev/vda ] && [ $n -lt 100 ]; do /bin/busybox sleep 0.1; n=$((n+1)); done',
    '/bin/busybox mount -t ext4 /dev/vda /new',
    'exec /bin/busybox switch_root /new /init',
  ];
  writeFileSync(join(root, 'init'), `${lines.join('\n')}\n`, { mode: 0o755 });
  execFileSync(
    'sh',
    ['-c', `find . | busybox cpio -o -H newc 2>/dev/null | gzip -1 > "$1"`, 'sh', file],
    {
      cwd: root,
    },
  );
  rmSync(root, { recursive: true });
}

/** The files of the modules, dependencies first: a line of modules.dep is `<path>: <path> …`. */
function moduleFiles({ kernel, release }: MachineParts): string[] {
  const folder = join(kernel, 'lib/modules', release);
  const needs = new Map(
    readFileSync(join(folder, 'modules.dep'), 'utf8')
      .split('\n')
      .map((line) => line.split(/: ?| /))
      .map(([path = '', ...needed]) => [path, needed.filter(Boolean)] as const),
  );
  const found = new Set<string>();
  const add = (path: string): void => {
    for (const needed of needs.get(path) ?? []) add(needed);
    found.add(join(folder, path));
  };
  for (const name of earlyModules) {
    const path = [...needs.keys()].find((each) => basename(each) === `${name}.ko`);
    // What is built in has no file.
    if (path !== undefined) add(path);
  }
  return [...found];
}

function makeRoot(root: string, { kernel, release }: MachineParts, node: string): void {
  for (const name of [
    'bin',
    'sbin',
    'usr/bin',
    'usr/sbin',
    'etc',
    'proc',
    'sys',
    'dev',
    'tmp',
    'run',
    'var/lib',
    'var/run',
    'mnt/repository',
    'mnt/share',
    'root',
    'lib64',
  ]) {
    mkdirSync(join(root, name), { recursive: true });
  }
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  for (const program of [...programs, node].filter(existsSync))
    copyProgram(root, program, program === node ? '/usr/bin/node' : program);
  const from = join(kernel, 'lib/modules', release);
  const to = join(root, 'lib/modules', release);
  for (const name of moduleFolders) cpSync(join(from, name), join(to, name), { recursive: true });
  for (const name of ['modules.dep', 'modules.alias', 'modules.symbols', 'modules.builtin']) {
    copyFileSync(join(from, name), join(to, name));
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
  copyFileSync(join(import.meta.dirname, '../guest/init.sh'), join(root, 'init'));
  chmodSync(join(root, 'init'), 0o755);
}

/** A program, and the libraries that it is linked with, at their own places. */
function copyProgram(root: string, program: string, as: string): void {
  copyInto(root, realpathSync(program), as);
  let text = '';
  try {
    text = execFileSync('ldd', [program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return; // linked statically
  }
  for (const [, path = ''] of text.matchAll(/(\/\S+) \(0x/g))
    copyInto(root, realpathSync(path), path);
}

function copyInto(root: string, from: string, to: string): void {
  mkdirSync(join(root, dirname(to)), { recursive: true });
  copyFileSync(from, join(root, to));
  chmodSync(join(root, to), 0o755);
}
