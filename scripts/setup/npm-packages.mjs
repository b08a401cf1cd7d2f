// Brings node_modules to what package-lock.json says. Runs on Node 20, before anything is installed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

import { pinnedNode, root } from '../process/paths.mjs';
import { runQuietly } from '../process/run-child.mjs';
import { SetupError, step } from './progress.mjs';

const lockFile = path.join(root, 'package-lock.json');
const installedFile = path.join(root, 'node_modules/.package-lock.json');
const stampFile = path.join(root, 'node_modules/.plimsoll-setup');

/** What npm and its network layer print when the registry is out of reach. */
const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/;

/** Installs when node_modules is missing or older than the lock file. */
export async function ensureNpmPackages() {
  const lock = readFileSync(lockFile);
  const stamp = createHash('sha256').update(lock).digest('hex');
  if (!existsSync(pinnedNode) || readStamp() !== stamp) {
    if (!existsSync(pinnedNode) || !isInstalled(lock)) await install();
    writeFileSync(stampFile, `${stamp}\n`);
  }
}

function readStamp() {
  return existsSync(stampFile) ? readFileSync(stampFile, 'utf8').trim() : undefined;
}

/**
 * True when npm's own record of node_modules agrees with the lock file: somebody ran npm by hand.
 * @param {Buffer} lock
 */
function isInstalled(lock) {
  if (!existsSync(installedFile)) return false;
  const wanted = packagesOf(lock);
  const present = packagesOf(readFileSync(installedFile));
  return Object.entries(wanted).every(([place, entry]) => {
    const found = present[place];
    if (place === '') return true;
    if (found === undefined) return entry.optional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} LockEntry
 * @param {Buffer} lock
 * @returns {Record<string, LockEntry>}
 */
function packagesOf(lock) {
  const parsed = /** @type {{ packages: Record<string, LockEntry> }} */ (
    JSON.parse(lock.toString('utf8'))
  );
  return parsed.packages;
}

async function install() {
  await step('installing npm packages (about a minute the first time)', async () => {
    const { code, output } = await runQuietly(
      'npm',
      ['ci', '--prefer-offline', '--loglevel=error'],
      process.env,
    );
    if (code !== 0) throw explain(code, output);
    if (!existsSync(pinnedNode)) {
      throw new SetupError(
        'npm installed no Node: it did not run the install script of the package "node"',
        'run `npm config get ignore-scripts`; when that says true, `npm config set ignore-scripts false`',
      );
    }
  });
}

/**
 * @param {number} code
 * @param {string} output
 */
function explain(code, output) {
  if (code === 127) {
    return new SetupError('npm was not found', 'install Node 20 or later, which brings npm');
  }
  if (offline.test(output)) {
    return new SetupError(
      `the npm registry is out of reach\n${output.trim()}`,
      'connect to the network, or name a registry or proxy that is in reach with `npm config set`',
    );
  }
  return new SetupError(
    `npm ci failed with exit code ${code}\n${output.trim()}`,
    'see the lines above; after a changed package.json run `npm run lock` first',
  );
}
