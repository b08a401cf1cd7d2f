/**
 * The parts of the emulated machine: QEMU, Debian's kernel, and what is put on its disk. Packages are
 * downloaded once, unpacked below the cache folder, and installed nowhere.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface MachineParts {
  /** Unpacked packages of QEMU. */
  qemu: string;
  /** Unpacked package of the kernel. */
  kernel: string;
  /** Such as `6.1.0-56-amd64`. */
  release: string;
}

const commands = ['apt-get', 'dpkg', 'apt-cache', 'mke2fs', 'truncate', 'ldd', 'gcc'];
const files = [
  '/bin/busybox',
  '/usr/sbin/dockerd',
  '/usr/bin/containerd',
  '/usr/bin/containerd-shim-runc-v2',
  '/usr/sbin/runc',
  '/usr/bin/docker',
];

/** Why the machine cannot be made here, or null when it can. */
export function machineMissing(): string | null {
  if (process.getuid?.() !== 0) return 'not root';
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`.split(':');
  const absent = commands.filter((name) => !path.some((folder) => existsSync(join(folder, name))));
  const missing = [...absent, ...files.filter((file) => !existsSync(file))];
  return missing.length === 0 ? null : `missing: ${missing.join(', ')}`;
}

/** Downloads what is not in the cache yet: some 90 MB. */
export function fetchParts(cache: string): MachineParts {
  const qemu = unpackOnce(join(cache, 'qemu'), (folder) => {
    mkdirSync(join(folder, 'partial'));
    const options = ['-y', '--no-install-recommends', '--download-only', '--reinstall'];
    apt(['install', ...options, '-o', `Dir::Cache::archives=${folder}`, 'qemu-system-x86'], folder);
  });
  const kernel = unpackOnce(join(cache, 'kernel'), (folder) => {
    apt(['download', kernelPackage()], folder);
  });
  const [release] = readdirSync(join(kernel, 'lib/modules'));
  if (release === undefined) throw new Error(`${kernel}: expected a folder of kernel modules`);
  execFileSync('busybox', ['depmod', '-b', kernel, release]);
  return { qemu, kernel, release };
}

/** The newest kernel of the distribution, by the name that its own package depends on. */
function kernelPackage(): string {
  const text = execFileSync('apt-cache', ['depends', 'linux-image-amd64'], { encoding: 'utf8' });
  const name = /Depends: (linux-image-\S+)/.exec(text)?.[1];
  if (name === undefined) throw new Error(`apt-cache: expected a kernel's package, got: ${text}`);
  return name;
}

function apt(options: readonly string[], cwd: string): void {
  execFileSync('apt-get', options, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** A folder that is there was unpacked whole: it gets its name last. */
function unpackOnce(folder: string, download: (into: string) => void): string {
  if (existsSync(folder)) return folder;
  const archives = `${folder}.archives`;
  const unpacked = `${folder}.unpacked`;
  for (const each of [archives, unpacked]) {
    rmSync(each, { recursive: true, force: true });
    mkdirSync(each, { recursive: true });
  }
  download(archives);
  for (const name of readdirSync(archives).filter((each) => each.endsWith('.deb'))) {
    execFileSync('dpkg', ['-x', join(archives, name), unpacked]);
  }
  rmSync(archives, { recursive: true });
  renameSync(unpacked, folder);
  return folder;
}
