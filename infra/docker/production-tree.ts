/**
 * What `npm ci --omit=dev --workspace <name>` installs of this repository, read from what is
 * installed: the packages that a workspace needs, and theirs. It says how large an image will be, and
 * makes a tree for a test's image without npm and a network.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

export interface InstalledPackage {
  name: string;
  /** From the repository's root: `node_modules/pino`, `packages/agent`. */
  folder: string;
  /** On a disk with blocks of 4 KiB, without packages within it. */
  bytes: number;
}

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

const blockBytes = 4096;

/** Largest first. @param workspace folder from the root: `packages/agent` */
export function productionTree(root: string, workspace: string): InstalledPackage[] {
  const found = new Map<string, InstalledPackage>();
  const visit = (directory: string): void => {
    const folder = relative(root, directory);
    if (found.has(folder)) return;
    const manifest = readManifest(directory);
    const bytes = shippedParts(directory).reduce((sum, part) => sum + sizeOf(part), 0);
    found.set(folder, { name: manifest.name, folder, bytes });
    for (const name of dependenciesOf(manifest)) {
      const next = resolvePackage(name, directory, root);
      if (next !== null) visit(next);
    }
  };
  visit(join(root, workspace));
  return [...found.values()].toSorted((a, b) => b.bytes - a.bytes);
}

export interface CopyOptions {
  /** Folder from the root: `packages/agent`. */
  workspace: string;
  target: string;
  /** Packages that are left out, as the Dockerfile does. */
  without?: readonly string[];
}

/** Makes the same tree below another folder, with links between the workspaces. */
export function copyProductionTree(root: string, options: CopyOptions): void {
  const { workspace, target, without = [] } = options;
  const packages = productionTree(root, workspace).filter(({ name }) => !without.includes(name));
  for (const { name, folder } of packages) {
    for (const part of shippedParts(join(root, folder))) {
      const copy = join(target, relative(root, part));
      mkdirSync(dirname(copy), { recursive: true });
      cpSync(part, copy, { recursive: true, filter: (path) => !isNested(path, part) });
    }
    if (!isWorkspace(folder)) continue;
    const link = join(target, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), join(target, folder)), link);
  }
}

function isWorkspace(folder: string): boolean {
  return folder.startsWith('packages/');
}

/** Of a workspace only what runs and what that reads; of an installed package all of it. */
function shippedParts(directory: string): string[] {
  if (directory.split('/').includes('node_modules')) return [directory];
  return ['package.json', 'src', 'migrations']
    .map((name) => join(directory, name))
    .filter((path) => existsSync(path));
}

function dependenciesOf(manifest: Manifest): string[] {
  const peers = Object.keys(manifest.peerDependencies ?? {}).filter(
    (name) => manifest.peerDependenciesMeta?.[name]?.optional !== true,
  );
  return [
    ...Object.keys(manifest.dependencies ?? {}),
    ...Object.keys(manifest.optionalDependencies ?? {}),
    ...peers,
  ];
}

/** As Node looks for it: beside, then above, up to the root; null for one that is not installed. */
function resolvePackage(name: string, from: string, root: string): string | null {
  for (let folder = from; folder.startsWith(root); folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
  }
  return null;
}

function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
}

function isNested(path: string, part: string): boolean {
  return path !== part && basename(path) === 'node_modules';
}

function sizeOf(path: string): number {
  const stats = statSync(path);
  const own = Math.ceil(stats.size / blockBytes) * blockBytes;
  if (!stats.isDirectory()) return own;
  const names = readdirSync(path).filter((name) => name !== 'node_modules');
  return names.reduce((sum, name) => sum + sizeOf(join(path, name)), own);
}
