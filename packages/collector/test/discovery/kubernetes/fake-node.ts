import { mkdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** How a node names control groups. */
export type NodeKind = 'systemd-v2' | 'cgroupfs-v1' | 'crio-systemd-v2';

export interface FakeContainer {
  pod: string;
  namespace?: string;
  uid: string;
  container: string;
  restart?: number;
  id: string;
  pid?: number;
  /** Ticks after the start of the host. */
  startTicks?: number;
  qos?: 'guaranteed' | 'burstable' | 'besteffort';
  /** Program of the init process. */
  program?: string;
  link?: 'absolute' | 'relative' | 'none';
}

const v1Controllers = ['memory', 'cpu,cpuacct', 'pids', 'blkio'];
export const bootTimeMs = 1_767_225_600_000;

/** What a kubelet, a runtime and the kernel leave in the file system of a node. */
export class FakeNode {
  readonly root: string;
  readonly kind: NodeKind;

  constructor(root: string, kind: NodeKind = 'systemd-v2') {
    this.root = root;
    this.kind = kind;
    mkdirSync(join(root, 'var/log/pods'), { recursive: true });
    mkdirSync(join(root, 'var/log/containers'), { recursive: true });
    mkdirSync(join(root, 'proc'), { recursive: true });
    writeFileSync(join(root, 'proc/stat'), `cpu 1 2 3\nbtime ${bootTimeMs / 1000}\n`);
    if (kind === 'cgroupfs-v1') return;
    mkdirSync(join(root, 'cgroup'), { recursive: true });
    writeFileSync(join(root, 'cgroup/cgroup.controllers'), 'cpu memory pids\n');
  }

  roots(): { proc: string; sys: string; cgroup: string; kmsg: string; host: string } {
    return {
      proc: join(this.root, 'proc'),
      sys: join(this.root, 'sys'),
      cgroup: join(this.root, 'cgroup'),
      kmsg: join(this.root, 'kmsg'),
      host: this.root,
    };
  }

  /** A container that runs, with its log. */
  start(container: FakeContainer, lines: readonly string[] = []): void {
    this.writeLog(container, lines);
    this.link(container);
    this.#runGroup(container);
  }

  /** The pause container: a control group alone. */
  startSandbox(container: FakeContainer): void {
    this.#runGroup({ program: 'pause', ...container });
  }

  writeLog(container: FakeContainer, lines: readonly string[]): void {
    const path = this.logPath(container);
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    const text = lines.map((line) => `2026-01-01T00:00:00.000000000Z stdout F ${line}\n`);
    writeFileSync(join(this.root, path), text.join(''), { flag: 'a' });
  }

  link(container: FakeContainer): void {
    const kind = container.link ?? 'absolute';
    if (kind === 'none') return;
    const link = join(this.root, this.linkPath(container));
    const path = this.logPath(container);
    const destination = kind === 'absolute' ? path : relative('/var/log/containers', path);
    symlinkSync(destination, link);
  }

  /** The container ends; its log and the link to it stay. */
  stop(container: FakeContainer): void {
    for (const directory of this.groupDirectories(container)) {
      rmSync(directory, { recursive: true });
    }
  }

  /** The kubelet removes a container that ended. */
  remove(container: FakeContainer): void {
    unlinkSync(join(this.root, this.linkPath(container)));
    unlinkSync(join(this.root, this.logPath(container)));
  }

  removePod(container: FakeContainer): void {
    rmSync(dirname(dirname(join(this.root, this.logPath(container)))), { recursive: true });
    for (const directory of this.groupDirectories(container)) {
      rmSync(dirname(directory), { recursive: true, force: true });
    }
  }

  logPath({ namespace = 'shop', pod, uid, container, restart = 0 }: FakeContainer): string {
    return `/var/log/pods/${namespace}_${pod}_${uid}/${container}/${restart}.log`;
  }

  linkPath({ namespace = 'shop', pod, container, id }: FakeContainer): string {
    const name = `${pod}_${namespace}_${container}-${id}`.slice(0, 251);
    return `/var/log/containers/${name}.log`;
  }

  /** Within the hierarchy. */
  groupPath({ qos = 'burstable', uid, id }: FakeContainer): string {
    if (this.kind === 'cgroupfs-v1') {
      return `kubepods/${qos === 'guaranteed' ? '' : `${qos}/`}pod${uid}/${id}`;
    }
    const middle = qos === 'guaranteed' ? '' : `kubepods-${qos}.slice/`;
    const prefix = qos === 'guaranteed' ? 'kubepods' : `kubepods-${qos}`;
    const scope = this.kind === 'crio-systemd-v2' ? `crio-${id}` : `cri-containerd-${id}`;
    return `kubepods.slice/${middle}${prefix}-pod${uid.replaceAll('-', '_')}.slice/${scope}.scope`;
  }

  groupDirectories(container: FakeContainer): string[] {
    const base = join(this.root, 'cgroup');
    const hierarchies = this.kind === 'cgroupfs-v1' ? v1Controllers : [''];
    return hierarchies.map((name) => join(base, name, this.groupPath(container)));
  }

  #runGroup(container: FakeContainer): void {
    for (const directory of this.groupDirectories(container)) {
      mkdirSync(directory, { recursive: true });
      const { pid } = container;
      writeFileSync(join(directory, 'cgroup.procs'), pid === undefined ? '' : `${pid}\n`);
    }
    if (this.kind === 'crio-systemd-v2') {
      const [directory = ''] = this.groupDirectories(container);
      const monitor = `crio-conmon-${container.id}.scope`;
      mkdirSync(join(dirname(directory), monitor), { recursive: true });
    }
    if (container.pid !== undefined && container.pid > 0) this.#writeProcess(container);
  }

  #writeProcess(container: FakeContainer): void {
    const { pid = 0, startTicks = 1000, program = 'app' } = container;
    const directory = join(this.root, 'proc', String(pid));
    mkdirSync(directory, { recursive: true });
    const rest = Array.from({ length: 18 }, () => '0').join(' ');
    writeFileSync(join(directory, 'stat'), `${pid} (${program}) S ${rest} ${startTicks} 0 0\n`);
    writeFileSync(join(directory, 'comm'), `${program}\n`);
  }
}
