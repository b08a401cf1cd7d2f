import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FolderContainer {
  name: string;
  running?: boolean;
  pid?: number;
  startedAt?: string;
  finishedAt?: string;
  exitCode?: number;
  oomKilled?: boolean;
  restartCount?: number;
  health?: string;
  /** Further fields of the description. */
  more?: object;
}

/** A Docker data folder as the daemon lays it out, written by the test. */
export class DockerFolder {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
    mkdirSync(join(root, 'containers'), { recursive: true });
  }

  logPath(id: string): string {
    return join(this.root, 'containers', id, `${id}-json.log`);
  }

  write(id: string, container: FolderContainer): void {
    const folder = join(this.root, 'containers', id);
    mkdirSync(folder, { recursive: true });
    const config = {
      ID: id,
      Name: `/${container.name}`,
      Created: '2026-01-01T00:00:00Z',
      Image: 'sha256:abc',
      RestartCount: container.restartCount ?? 0,
      Config: { Image: 'app:1', Labels: { 'com.docker.compose.service': container.name } },
      State: {
        Running: container.running ?? true,
        Pid: container.pid ?? 0,
        StartedAt: container.startedAt ?? '2026-01-01T00:00:01Z',
        FinishedAt: container.finishedAt ?? '0001-01-01T00:00:00Z',
        ExitCode: container.exitCode ?? 0,
        OOMKilled: container.oomKilled ?? false,
        ...(container.health ? { Health: { Status: container.health } } : {}),
      },
      ...container.more,
    };
    const hostConfig = {
      LogConfig: { Type: 'json-file' },
      Memory: 0,
      CpuQuota: 25_000,
      CpuPeriod: 50_000,
    };
    writeFileSync(join(folder, 'hostconfig.json'), JSON.stringify(hostConfig));
    writeFileSync(join(folder, 'config.v2.json'), JSON.stringify(config));
  }

  log(id: string, lines: readonly string[]): void {
    const text = lines.map(
      (line) =>
        `{"log":${JSON.stringify(`${line}\n`)},"stream":"stdout","time":"2026-01-01T00:00:02Z"}\n`,
    );
    appendFileSync(this.logPath(id), text.join(''));
  }

  remove(id: string): void {
    rmSync(join(this.root, 'containers', id), { recursive: true });
  }
}
