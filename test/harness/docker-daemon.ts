/**
 * A real dockerd of the test's own: its own data, socket and pid file below a temporary folder, so
 * that nothing of the machine's containers is seen or touched. Needs root, dockerd and
 * busybox-static; `npm test` installs them on Debian.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  copyFileSync,
  chmodSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDeadlineMs } from './deadlines.ts';

export const imageName = 'plimsoll-test/busybox:1';
const applets =
  'sh sleep awk seq head tail tr echo cat date yes dd true false printf rm wc kill test sync mkdir'.split(
    ' ',
  );

export interface DockerDaemon {
  socket: string;
  dataRoot: string;
  /** Runs the docker client and returns what it printed. */
  docker(...args: string[]): string;
  /** Starts a container of the test image and returns its id. */
  run(options: string[], script: string): string;
  restart(): Promise<void>;
  /** Killed at once, and started again. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** Why a real daemon cannot be had here, or null when it can. */
export function dockerMissing(): string | null {
  if (process.getuid?.() !== 0) return 'not root';
  if (!existsSync('/usr/sbin/dockerd') && !existsSync('/usr/bin/dockerd')) return 'dockerd missing';
  if (!existsSync('/bin/busybox')) return 'busybox missing';
  return null;
}

/** @throws when the daemon does not answer within a minute; its log is in `<folder>/dockerd.log`. */
export async function startDocker(folder: string): Promise<DockerDaemon> {
  mkdirSync(folder, { recursive: true });
  const socket = join(folder, 'docker.sock');
  const dataRoot = join(folder, 'data');
  const docker = (...args: string[]): string =>
    execFileSync('docker', args, {
      env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: startDeadlineMs,
    }).trim();
  let daemon = await spawnDaemon(folder, socket, docker);
  importImage(folder, docker);
  return {
    socket,
    dataRoot,
    docker,
    run: (options, script) => docker('run', '-d', ...options, imageName, '/bin/sh', '-c', script),
    crash: async () => {
      const exited = new Promise((resolve) => daemon.once('exit', resolve));
      daemon.kill('SIGKILL');
      await exited;
      daemon = await spawnAgain(folder, socket, docker);
    },
    restart: async () => {
      await end(daemon);
      daemon = await spawnDaemon(folder, socket, docker);
    },
    stop: async () => {
      const ids = docker('ps', '-aq').split('\n').filter(Boolean);
      if (ids.length > 0) docker('rm', '-f', ...ids);
      await end(daemon);
      unmountBelow(folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** On a loaded machine its containerd may be too slow for the daemon, which then gives up. */
async function spawnAgain(...where: Parameters<typeof spawnDaemon>): Promise<ChildProcess> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await spawnDaemon(...where);
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

async function spawnDaemon(
  folder: string,
  socket: string,
  docker: (...args: string[]) => string,
): Promise<ChildProcess> {
  const log = openSync(join(folder, 'dockerd.log'), 'a');
  const flags = [
    '--iptables=false',
    '--ip6tables=false',
    '--userland-proxy=false',
    '--live-restore',
  ];
  const daemon = spawn(
    'dockerd',
    [
      `--data-root=${join(folder, 'data')}`,
      `--exec-root=${join(folder, 'exec')}`,
      `--pidfile=${join(folder, 'docker.pid')}`,
      `--host=unix://${socket}`,
      ...flags,
    ],
    { stdio: ['ignore', log, log] },
  );
  const deadline = Date.now() + startDeadlineMs;
  while (Date.now() < deadline) {
    if (daemon.exitCode !== null) break;
    try {
      docker('version');
      return daemon;
    } catch {
      await sleep(200);
    }
  }
  daemon.kill('SIGKILL');
  throw new Error(`dockerd: expected an answer on ${socket}, got none; see ${folder}/dockerd.log`);
}

/** No registry is needed: a static busybox is all of the image. */
function importImage(folder: string, docker: (...args: string[]) => string): void {
  const bin = join(folder, 'image', 'bin');
  mkdirSync(bin, { recursive: true });
  mkdirSync(join(folder, 'image', 'tmp'), { recursive: true });
  copyFileSync('/bin/busybox', join(bin, 'busybox'));
  chmodSync(join(bin, 'busybox'), 0o755);
  for (const applet of applets) symlinkSync('busybox', join(bin, applet));
  const archive = join(folder, 'image.tar');
  execFileSync('tar', ['-C', join(folder, 'image'), '-cf', archive, '.']);
  docker('import', archive, imageName);
}

/** A daemon that was restarted under live-restore leaves mounts of containers it did not start. */
function unmountBelow(folder: string): void {
  const mountpoints = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((mountpoint) => mountpoint.startsWith(folder));
  for (const mountpoint of mountpoints.toReversed()) execFileSync('umount', ['-l', mountpoint]);
}

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null) return;
  const exited = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill('SIGTERM');
  await exited;
}
