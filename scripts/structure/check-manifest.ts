// Rules over one workspace's package.json.
import { workspaces } from './rules.ts';

export interface Manifest {
  readonly name: string;
  /** With those that may be missing: `optionalDependencies` and `peerDependencies`. */
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  /** Keys of `exports`, such as `.` and `./api`. */
  readonly exports: readonly string[];
}

export function checkManifest(manifest: Manifest): string[] {
  const rule = workspaces[manifest.name];
  if (rule === undefined) {
    return [`${manifest.name}: unknown workspace; add it and its edges to scripts/structure`];
  }
  return [...manifest.dependencies, ...manifest.devDependencies]
    .filter((name) => name in workspaces && !rule.mayUse.includes(name))
    .map((name) => `${manifest.name}: package.json: must not depend on ${name}`);
}

/** Reads the parts that the rules need; a missing field is an empty one. */
export function readManifest(text: string): Manifest {
  const json: unknown = JSON.parse(text);
  const name = fieldOf(json, 'name');
  return {
    name: typeof name === 'string' ? name : '',
    dependencies: ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((field) =>
      keysOf(json, field),
    ),
    devDependencies: keysOf(json, 'devDependencies'),
    exports: keysOf(json, 'exports'),
  };
}

function keysOf(json: unknown, field: string): string[] {
  const value = fieldOf(json, field);
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

function fieldOf(json: unknown, field: string): unknown {
  return typeof json === 'object' && json !== null
    ? Object.getOwnPropertyDescriptor(json, field)?.value
    : undefined;
}
