/** The server's image without a registry, and without the engine: what ENGINE=none builds. */
import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { productionTree } from '@plimsoll/infra/production-tree';
import type { DockerDaemon } from './docker-daemon.ts';
import { importImage } from './image.ts';

const root = resolve(import.meta.dirname, '../..');

/** Imports the image and returns its name. */
export function importServerImage(docker: DockerDaemon, folder: string): string {
  const names = productionTree(root, 'packages/plimsoll').map(({ name }) => name);
  return importImage(docker, {
    folder,
    name: 'plimsoll/server',
    workspace: 'packages/plimsoll',
    without: names.filter((name) => name === 'chdb' || name.startsWith('@chdb/')),
    complete: (app) => {
      const page = 'packages/web/dist';
      cpSync(join(root, page), join(app, page), { recursive: true });
    },
  });
}
