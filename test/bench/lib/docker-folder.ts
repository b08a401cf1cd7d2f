import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * As much of Docker's data folder as a collector reads: one running container with this log, whose
 * path the file `log-path` names too.
 */
export function writeContainer(folder: string, logPath: string): void {
  const id = 'b'.repeat(64);
  const container = join(folder, 'containers', id);
  mkdirSync(container, { recursive: true });
  const time = '2026-01-01T00:00:00Z';
  const config = {
    ID: id,
    Created: time,
    Name: '/bench',
    Image: 'sha256:0',
    Config: { Image: 'bench:1', Labels: {} },
    State: { Running: true, Pid: 0, StartedAt: time, FinishedAt: '0001-01-01T00:00:00Z' },
    LogPath: logPath,
  };
  writeFileSync(join(container, 'config.v2.json'), JSON.stringify(config));
  writeFileSync(
    join(container, 'hostconfig.json'),
    JSON.stringify({ LogConfig: { Type: 'json-file', Config: {} } }),
  );
  writeFileSync(join(folder, 'log-path'), logPath);
}
