/** Where the files of one simulated host are, as a collector with injected roots reads them. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export interface HostFolder {
  root: string;
  proc: string;
  sys: string;
  cgroup: string;
  kmsg: string;
  /** Docker's data folder. */
  docker: string;
}

export function hostFolder(directory: string, host: string): HostFolder {
  const root = join(directory, host);
  return {
    root,
    proc: join(root, 'proc'),
    sys: join(root, 'sys'),
    cgroup: join(root, 'cgroup'),
    kmsg: join(root, 'kmsg'),
    docker: join(root, 'docker'),
  };
}

export function makeHostFolder(folder: HostFolder): void {
  for (const path of [
    join(folder.proc, 'self'),
    join(folder.proc, '1/net'),
    join(folder.proc, 'pressure'),
    join(folder.proc, 'sys/fs'),
    join(folder.proc, 'sys/kernel/random'),
    join(folder.proc, 'sys/net/netfilter'),
    join(folder.sys, 'block/nvme0n1'),
    join(folder.cgroup, 'docker'),
    join(folder.docker, 'containers'),
  ]) {
    mkdirSync(path, { recursive: true });
  }
}
