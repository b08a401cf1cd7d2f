/** `config.v2.json` and `hostconfig.json` as the Docker daemon keeps them, as far as they are read. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SimulatedContainer } from '../simulation/container.ts';
import type { HostFolder } from './host-folder.ts';

export function containerFolder(folder: HostFolder, id: string): string {
  return join(folder.docker, 'containers', id);
}

export function logPath(folder: HostFolder, id: string): string {
  return join(containerFolder(folder, id), `${id}-json.log`);
}

/** Writes both files; to be called whenever the state of the container changed. */
export function writeDockerFiles(folder: HostFolder, container: SimulatedContainer): void {
  const directory = containerFolder(folder, container.plan.id);
  mkdirSync(directory, { recursive: true });
  replace(join(directory, 'hostconfig.json'), hostConfig(container));
  replace(join(directory, 'config.v2.json'), config(folder, container));
}

/** As the daemon does: a reader sees the old or the new file, never half of one. */
function replace(path: string, value: unknown): void {
  writeFileSync(`${path}.tmp`, JSON.stringify(value));
  renameSync(`${path}.tmp`, path);
}

function config(folder: HostFolder, container: SimulatedContainer): unknown {
  const { plan } = container;
  const { isRunning, health } = container;
  return {
    ID: plan.id,
    Created: time(plan.createdAtMs),
    Name: `/${plan.name}`,
    Image: plan.imageId,
    Driver: 'overlay2',
    LogPath: logPath(folder, plan.id),
    RestartCount: container.restartCount,
    State: {
      Running: isRunning,
      Paused: false,
      Restarting: !isRunning,
      OOMKilled: container.isOomKilled,
      RemovalInProgress: false,
      Dead: false,
      Pid: isRunning ? container.pid : 0,
      ExitCode: container.exitCode,
      StartedAt: time(container.startedAtMs),
      FinishedAt:
        container.finishedAtMs === 0 ? '0001-01-01T00:00:00Z' : time(container.finishedAtMs),
      ...(health === ''
        ? {}
        : { Health: { Status: health, FailingStreak: container.failingStreak } }),
    },
    Config: {
      Hostname: plan.id.slice(0, 12),
      Image: plan.image,
      Cmd: [plan.service.command],
      Labels: {
        'com.docker.compose.project': plan.project,
        'com.docker.compose.service': plan.service.name,
        'com.docker.compose.container-number': String(plan.replica),
        'org.opencontainers.image.version': plan.image.split(':').at(-1) ?? '',
      },
    },
  };
}

function hostConfig({ plan }: SimulatedContainer): unknown {
  const { service } = plan;
  return {
    Memory: service.memoryLimitBytes,
    NanoCpus: Math.round(service.coresLimit * 1e9),
    PidsLimit: 512,
    CgroupParent: '',
    Runtime: 'runc',
    Privileged: false,
    RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 },
    LogConfig: { Type: 'json-file', Config: { 'max-size': '100m', 'max-file': '3' } },
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
