/**
 * Where the logs of a simulated host lie, as the kubelet, Docker and programs lay them out:
 *
 *     <root>/pods/<namespace>_<pod>_<uid>/<container>/0.log        cri
 *     <root>/containers/<pod>_<namespace>_<container>-<id>.log     link to the file above
 *     <root>/docker/containers/<id>/<id>-json.log                  docker-json; 0.log links to it
 *     <root>/plain/app-<file>.log                                  plain
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LogLabels } from './ledger.ts';
import type { UnitSource } from './unit.ts';

export interface HostPlace {
  host: string;
  root: string;
}

export interface LogSpec extends UnitSource {
  place: HostPlace;
}

export function podLogs({ root }: HostPlace): string {
  return join(root, 'pods');
}

export function containerLogs({ root }: HostPlace): string {
  return join(root, 'containers');
}

export function plainPattern({ root }: HostPlace): string {
  return join(root, 'plain', '*.log');
}

export function makeHostFolders(place: HostPlace): void {
  for (const folder of [podLogs(place), containerLogs(place), join(place.root, 'plain')]) {
    mkdirSync(folder, { recursive: true });
  }
}

const namespace = 'chaos';
const container = 'app';

/** The file itself, without links. */
export function logPath(spec: LogSpec): string {
  const { place, format, file } = spec;
  if (format === 'plain') return join(place.root, 'plain', `app-${file}.log`);
  if (format === 'cri') return podLogPath(spec);
  const id = containerId(spec);
  return join(place.root, 'docker', 'containers', id, `${id}-json.log`);
}

export function labelsOf(spec: LogSpec): LogLabels {
  const { host } = spec.place;
  if (spec.format === 'plain') return { host, containerId: '', containerName: logPath(spec) };
  const containerName = `${namespace}/${podName(spec)}/${container}`;
  return { host, containerId: containerId(spec), containerName };
}

/** Folders and links; what is there stays. */
export function makePlace(spec: LogSpec): void {
  mkdirSync(dirname(logPath(spec)), { recursive: true });
  if (spec.format === 'plain') return;
  const { place } = spec;
  mkdirSync(dirname(podLogPath(spec)), { recursive: true });
  if (spec.format === 'docker-json') link(logPath(spec), podLogPath(spec));
  const name = `${podName(spec)}_${namespace}_${container}-${containerId(spec)}.log`;
  mkdirSync(containerLogs(place), { recursive: true });
  link(podLogPath(spec), join(containerLogs(place), name));
}

function link(target: string, path: string): void {
  if (existsSync(path)) return;
  try {
    symlinkSync(target, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function podLogPath(spec: LogSpec): string {
  const uid = createHash('sha256')
    .update(`pod ${identityOf(spec)}`)
    .digest('hex')
    .slice(0, 32);
  return join(podLogs(spec.place), `${namespace}_${podName(spec)}_${uid}`, container, '0.log');
}

function podName({ writer, file }: LogSpec): string {
  return `writer-${writer}-${file}`;
}

function containerId(spec: LogSpec): string {
  return createHash('sha256')
    .update(`container ${identityOf(spec)}`)
    .digest('hex');
}

function identityOf({ seed, writer, file, place }: LogSpec): string {
  return `${seed} ${place.host} ${writer} ${file}`;
}
