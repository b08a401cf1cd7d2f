import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FakeProcess {
  seccomp?: string;
  noNewPrivs?: string;
  capabilities?: string;
  bounds?: string;
  uidMap?: string;
  root?: 'ro' | 'rw';
  apparmor?: string;
  cgroup?: string;
  /** Namespaces that are the host's. */
  shared?: readonly string[];
}

export const dockerDefaultMask = '00000000a80425fb';
const kinds = ['pid', 'net', 'ipc', 'mnt', 'uts', 'user', 'cgroup'];

/** A `/proc` as the kernel lays it out, as far as isolation goes. */
export class ProcTree {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
    this.write(1, { shared: kinds });
  }

  write(pid: number, process: FakeProcess): void {
    const folder = join(this.root, String(pid));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, 'ns'), { recursive: true });
    mkdirSync(join(folder, 'attr'));
    const { capabilities = dockerDefaultMask, shared = ['user', 'cgroup'] } = process;
    const status = [
      'Name:\tinit',
      `CapEff:\t${capabilities}`,
      `CapBnd:\t${process.bounds ?? capabilities}`,
      `NoNewPrivs:\t${process.noNewPrivs ?? '0'}`,
      `Seccomp:\t${process.seccomp ?? '2'}`,
    ];
    const write = (file: string, content: string): void => {
      writeFileSync(join(folder, file), content);
    };
    write('status', `${status.join('\n')}\n`);
    write('uid_map', process.uidMap ?? '         0          0 4294967295\n');
    write('mountinfo', `72 48 0:39 / / ${process.root ?? 'rw'},relatime - overlay overlay rw\n`);
    write('cgroup', process.cgroup ?? '0::/\n');
    if (process.apparmor !== undefined) write('attr/current', `${process.apparmor}\n`);
    for (const kind of kinds) {
      const number = shared.includes(kind) ? 1 : 1000 + pid;
      symlinkSync(`${kind}:[${number}]`, join(folder, 'ns', kind));
    }
  }

  remove(pid: number): void {
    rmSync(join(this.root, String(pid)), { recursive: true, force: true });
  }
}
