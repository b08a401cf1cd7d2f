// Holes in package-lock.json, and how to fill them. Pure.
//
// A registry mirror may lack the builds of a package for other platforms. `npm install` passes over
// such an optional dependency in silence and writes no entry for it; `npm ci` then refuses the lock.
// An entry needs only the version and the platform: npm skips it here, and fetches it there.

export interface LockEntry {
  version?: string;
  license?: string;
  dev?: boolean;
  optional?: boolean;
  engines?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
}

export type LockEntries = Record<string, LockEntry>;

/** One optional dependency without an entry. */
export interface Hole {
  readonly name: string;
  readonly version: string;
  readonly wantedBy: LockEntry;
}

const places = 'node_modules/';

const systems: Readonly<Record<string, string>> = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  openharmony: 'openharmony',
  win32: 'win32',
  windows: 'win32',
};

export function findHoles(entries: LockEntries): Hole[] {
  const holes: Hole[] = [];
  for (const [place, entry] of Object.entries(entries)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!isFound(entries, place, name)) holes.push({ name, version, wantedBy: entry });
    }
  }
  return holes;
}

/** The way Node resolves: the own `node_modules`, then each one above. */
function isFound(entries: LockEntries, place: string, name: string): boolean {
  let folder = place;
  while (folder !== '') {
    if (`${folder}/${places}${name}` in entries) return true;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf(places) - 1));
  }
  return `${places}${name}` in entries;
}

/** The entries with every hole filled, in npm's order. Throws on a name that tells no platform. */
export function fillHoles(entries: LockEntries): LockEntries {
  const filled = { ...entries };
  for (const hole of findHoles(entries)) filled[`${places}${hole.name}`] = entryFor(hole);
  const sorted = Object.entries(filled).toSorted(([a], [b]) => a.localeCompare(b, 'en'));
  return Object.fromEntries(sorted);
}

function entryFor({ name, version, wantedBy }: Hole): LockEntry {
  const words = name.slice(name.lastIndexOf('/') + 1).split('-');
  const at = words.findIndex((word) => word in systems);
  const os = systems[words[at] ?? ''];
  const cpu = words[at + 1];
  if (os === undefined || cpu === undefined || !/^\d+\.\d+\.\d+/.test(version)) {
    throw new Error(`expected an exact version of a platform's build, got ${name}@${version}`);
  }
  return {
    version,
    cpu: [cpu === '64' ? 'x64' : cpu],
    ...(wantedBy.dev === true && { dev: true }),
    ...(wantedBy.license !== undefined && { license: wantedBy.license }),
    optional: true,
    os: [os],
    ...(wantedBy.engines !== undefined && { engines: wantedBy.engines }),
  };
}
