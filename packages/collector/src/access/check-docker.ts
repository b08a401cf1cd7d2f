import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '@plimsoll/runtime';
import { codeOf } from '@plimsoll/runtime';
import { text } from '../discovery/json-fields.ts';
import { askDaemon } from '../signals/daemon/ask-daemon.ts';
import { resolveHostPath } from '../discovery/kubernetes/host-path.ts';
import { fine, type Finding } from './finding.ts';

type CollectorConfig = Config['collector'];

const subject = 'Docker';
const lost = 'containers of Docker, their logs and events';

export async function checkDocker(
  config: CollectorConfig,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { docker } = config;
  if (!docker.enabled) return [fine(subject, 'switched off (collector.docker.enabled: false)')];
  const ask = { socketPath: docker.socket, deadlineMs: docker.probe.deadline, signal };
  const version = await askDaemon('/version', ask);
  if (version.kind === 'absent') return [absent(docker.socket, version.code)];
  if (version.kind !== 'answered' || version.status !== 200) {
    const came = version.kind === 'answered' ? `status ${version.status}` : version.kind;
    return [
      {
        subject,
        level: 'warn',
        message: `${docker.socket}: expected an answer within ${docker.probe.deadline} ms, got ${came}`,
        lost,
        remedy: 'see the log of dockerd and containerd; restart what hangs',
      },
    ];
  }
  const info = await askDaemon('/info', ask);
  const { body } = version;
  const milliseconds = Math.round(version.seconds * 1000);
  const found = fine(
    subject,
    `${text(body, 'Version')} (API ${text(body, 'ApiVersion')}) at ${docker.socket}, answered in ${milliseconds} ms`,
  );
  const root = info.kind === 'answered' ? text(info.body, 'DockerRootDir') : '';
  if (root === '') {
    const message = 'it does not describe itself (/info), which needs containerd';
    return [
      found,
      {
        subject,
        level: 'warn',
        message,
        lost: 'sizes of the data folder',
        remedy: 'see the log of containerd',
      },
    ];
  }
  return [found, ...checkFolders(config.roots.host, root)];
}

function absent(socket: string, code: string): Finding {
  const isDenied = code === 'EACCES' || code === 'EPERM';
  return {
    subject,
    level: 'warn',
    message: isDenied
      ? `${socket} may not be opened (${code})`
      : `nobody listens at ${socket} (${code})`,
    lost,
    remedy: isDenied
      ? 'add this user to the socket’s group, or run as root'
      : 'mount the socket and set collector.docker.socket; without Docker set collector.docker.enabled: false',
  };
}

/** The data folder, where json-file logs and what containers wrote over their images are. */
function checkFolders(hostRoot: string, root: string): Finding[] {
  const resolved = resolveHostPath(hostRoot, root);
  const logs = join(hostRoot, resolved, 'containers');
  const problem = readProblem(logs);
  if (problem === null) return [fine('container logs', `${logs} can be read`)];
  const isMissing = problem === 'ENOENT';
  return [
    {
      subject: 'container logs',
      level: 'warn',
      message: isMissing
        ? `${logs} is not here, though Docker keeps its data in ${root}`
        : `${logs} may not be read (${problem})`,
      lost: 'logs of containers with the json-file driver, log sizes, written layers',
      remedy: isMissing
        ? `mount the host’s ${root} read-only at the same path, or its root and set collector.roots.host`
        : 'give CAP_DAC_READ_SEARCH, or run as root',
    },
  ];
}

/** Null when the folder's files can be listed and opened. */
export function readProblem(folder: string): string | null {
  try {
    if (!statSync(folder).isDirectory()) return 'ENOTDIR';
    accessSync(folder, constants.R_OK | constants.X_OK);
    return null;
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}
