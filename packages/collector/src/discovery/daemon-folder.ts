/**
 * What the Docker daemon keeps of its containers on disk, in the form in which its API describes them:
 *
 *     <root>/containers/<id>/config.v2.json                description and state
 *     <root>/containers/<id>/hostconfig.json               limits, policies
 *     <root>/containers/<id>/<id>-json.log                 log
 *     <root>/image/<driver>/repositories.json              names and digests of images
 *     <root>/image/<driver>/layerdb/mounts/<id>/mount-id   name of the written layer's folder
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { at, text, textMap } from './json-fields.ts';

export class DaemonFolder {
  readonly #root: string;
  #digests: { version: string; byImage: ReadonlyMap<string, readonly string[]> } | null = null;

  constructor(root: string) {
    this.#root = root;
  }

  get containers(): string {
    return join(this.#root, 'containers');
  }

  /** Changes with the files that describe a container. @throws ENOENT when they are not there */
  async version(id: string): Promise<string> {
    const versions = await Promise.all(this.#files(id).map(async (path) => versionOf(path)));
    return versions.join(' ');
  }

  /** As `GET /containers/<id>/json` would be. @throws when a file is missing or not whole */
  async describe(id: string): Promise<unknown> {
    const [configPath, hostConfigPath] = this.#files(id);
    const config: unknown = JSON.parse(await readFile(configPath, 'utf8'));
    const hostConfig: unknown = JSON.parse(await readFile(hostConfigPath, 'utf8'));
    if (typeof config !== 'object' || config === null || text(config, 'ID') !== id) {
      throw new Error(`${configPath}: expected the description of this container`);
    }
    const mounts = at(config, 'MountPoints');
    return {
      ...config,
      HostConfig: hostConfig,
      LogPath: text(config, 'LogPath') || join(this.containers, id, `${id}-json.log`),
      Mounts: typeof mounts === 'object' && mounts !== null ? Object.values(mounts) : [],
      GraphDriver: { Data: { UpperDir: await this.#writtenLayer(id, text(config, 'Driver')) } },
    };
  }

  /** `repository@sha256:…` of an image, by its id; none where the daemon keeps images elsewhere. */
  async repoDigests(imageId: string, driver: string): Promise<readonly string[]> {
    if (!isName(driver)) return [];
    const path = join(this.#root, 'image', driver, 'repositories.json');
    try {
      const version = await versionOf(path);
      if (this.#digests?.version !== version) {
        const byImage = digestsByImage(JSON.parse(await readFile(path, 'utf8')));
        this.#digests = { version, byImage };
      }
      return this.#digests.byImage.get(imageId) ?? [];
    } catch {
      return [];
    }
  }

  async #writtenLayer(id: string, driver: string): Promise<string> {
    if (driver !== 'overlay2') return '';
    try {
      const path = join(this.#root, 'image', driver, 'layerdb/mounts', id, 'mount-id');
      const name = (await readFile(path, 'utf8')).trim();
      return isName(name) ? join(this.#root, driver, name, 'diff') : '';
    } catch {
      return '';
    }
  }

  #files(id: string): [string, string] {
    const folder = join(this.containers, id);
    return [join(folder, 'config.v2.json'), join(folder, 'hostconfig.json')];
  }
}

/** `{"Repositories": {"shop/app": {"shop/app@sha256:…": "<image id>", "shop/app:1": "<image id>"}}}` */
function digestsByImage(repositories: unknown): Map<string, readonly string[]> {
  const byImage = new Map<string, string[]>();
  const all = at(repositories, 'Repositories');
  if (typeof all !== 'object' || all === null) return byImage;
  for (const repository of Object.keys(all)) {
    for (const [reference, imageId] of Object.entries(textMap(all, repository))) {
      if (!reference.includes('@')) continue;
      byImage.set(imageId, [...(byImage.get(imageId) ?? []), reference]);
    }
  }
  return byImage;
}

/** Becomes a part of a path. */
function isName(name: string): boolean {
  return /^[a-zA-Z0-9_-]{1,128}$/.test(name);
}

async function versionOf(path: string): Promise<string> {
  const { mtimeNs, ino, size } = await stat(path, { bigint: true });
  return `${mtimeNs} ${ino} ${size}`;
}
