/** The collector's image without a registry. It has what infra/docker/collector.Dockerfile puts in. */
import { importImage } from './image.ts';
import type { DockerDaemon } from './docker-daemon.ts';

/** Imports the image and returns its name. */
export function importCollectorImage(docker: DockerDaemon, folder: string): string {
  return importImage(docker, {
    folder,
    name: 'plimsoll/collector',
    workspace: 'packages/agent',
    flags: ['--single-threaded', '--no-incremental-marking'],
    folders: ['host'],
  });
}
