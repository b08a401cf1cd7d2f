/** The collector's image without a registry: its production tree, Node, and what Node links to. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { copyProductionTree } from '@plimsoll/infra/production-tree';
import type { DockerDaemon } from './docker-daemon.ts';

const root = resolve(import.meta.dirname, '../..');
const imageName = 'plimsoll/collector';
const entry = '/app/packages/agent/src/main.ts';

/** Imports the image and returns its name. It has what infra/docker/collector.Dockerfile puts in. */
export function importCollectorImage(docker: DockerDaemon, folder: string): string {
  const image = join(folder, 'collector-image');
  const app = join(image, 'app');
  mkdirSync(app, { recursive: true });
  copyProductionTree(root, 'packages/agent', app);
  for (const name of ['tmp', 'proc', 'sys', 'dev', 'host', 'var/lib/plimsoll', 'etc']) {
    mkdirSync(join(image, name), { recursive: true });
  }
  for (const file of [process.execPath, ...linkedLibraries(process.execPath)]) {
    const target = file === process.execPath ? '/usr/bin/node' : file;
    mkdirSync(join(image, dirname(target)), { recursive: true });
    cpSync(realpathSync(file), join(image, target));
  }
  const archive = join(folder, 'collector-image.tar');
  execFileSync('tar', ['-C', image, '-cf', archive, '.']);
  const command = ['/usr/bin/node', '--single-threaded', '--no-incremental-marking', entry];
  const change = ['--change', `ENTRYPOINT ${JSON.stringify(command)}`, '--change', 'WORKDIR /app'];
  docker.docker('import', ...change, archive, imageName);
  rmSync(image, { recursive: true });
  rmSync(archive);
  return imageName;
}

/** With the loader itself, which is named by its path. */
function linkedLibraries(program: string): string[] {
  const output = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...output.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
}
