/** An image of ours without a registry: its production tree, Node, and what both link to. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { copyProductionTree } from '@plimsoll/infra/production-tree';
import type { DockerDaemon } from './docker-daemon.ts';

const root = resolve(import.meta.dirname, '../..');
const commonFolders = ['tmp', 'proc', 'sys', 'dev', 'var/lib/plimsoll', 'etc'];

export interface ImageOptions {
  folder: string;
  name: string;
  /** Folder from the root, of the program. */
  workspace: string;
  without?: readonly string[];
  /** Of Node. */
  flags?: readonly string[];
  /** Folders beside the usual ones. */
  folders?: readonly string[];
  /** Adds what is no package's. */
  complete?: (app: string) => void;
}

/** Imports the image and returns its name. */
export function importImage(docker: DockerDaemon, options: ImageOptions): string {
  const { folder, name, workspace, without = [], flags = [], folders = [] } = options;
  const image = join(folder, 'image');
  const app = join(image, 'app');
  mkdirSync(app, { recursive: true });
  copyProductionTree(root, { workspace, target: app, without });
  options.complete?.(app);
  for (const each of [...commonFolders, ...folders]) {
    mkdirSync(join(image, each), { recursive: true });
  }
  chmodSync(join(image, 'tmp'), 0o1777);
  const programs = [process.execPath, ...nativeModules(app)];
  for (const file of [process.execPath, ...new Set(programs.flatMap(linkedLibraries))]) {
    const target = file === process.execPath ? '/usr/bin/node' : file;
    mkdirSync(join(image, dirname(target)), { recursive: true });
    cpSync(realpathSync(file), join(image, target));
  }
  const archive = join(folder, 'image.tar');
  execFileSync('tar', ['-C', image, '-cf', archive, '.']);
  const command = ['/usr/bin/node', ...flags, `/app/${workspace}/src/main.ts`];
  const change = ['--change', `ENTRYPOINT ${JSON.stringify(command)}`, '--change', 'WORKDIR /app'];
  docker.docker('import', ...change, archive, name);
  rmSync(image, { recursive: true });
  rmSync(archive);
  return name;
}

/** What Node loads as machine code. */
function nativeModules(app: string): string[] {
  const names = readdirSync(app, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.node')).map((name) => join(app, name));
}

/** With the loader itself, which is named by its path. */
function linkedLibraries(program: string): string[] {
  const output = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...output.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
}
