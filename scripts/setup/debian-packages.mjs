// Installs the Debian packages that tests and tools drive. Runs on Node 20, before anything is installed.
import { accessSync, closeSync, constants, openSync, readdirSync, readSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

import { runQuietly } from '../process/run-child.mjs';
import { SetupError, say, step } from './progress.mjs';

const kafka = { maven: 'mvn', 'openjdk-17-jre-headless': 'java' };

/**
 * Each Debian package that a purpose needs, with the command that shows it is there.
 * @type {Record<string, Record<string, string>>}
 */
const needs = {
  start: {},
  kafka,
  test: {
    ...kafka,
    'busybox-static': 'busybox',
    chromium: 'chromium',
    'docker.io': 'dockerd',
    gcc: 'gcc',
    iproute2: 'ip',
    // Without its headers a compiler compiles nothing.
    'libc6-dev': 'gcc',
    openssl: 'openssl',
    procps: 'ps',
    prometheus: 'prometheus',
    zstd: 'zstd',
  },
};

export const purposes = Object.keys(needs);

/** @param {string} purpose */
export async function ensureDebianPackages(purpose) {
  const missing = Object.entries(needs[purpose] ?? {})
    .filter(([name, command]) => !isPresent(name, command))
    .map(([name]) => name);
  if (missing.length === 0) return;
  if (find('apt-get') === undefined || process.getuid?.() !== 0) {
    say(`not installed here: ${missing.join(', ')}; what drives them cannot run`);
    say(`as root on Debian: apt-get install --no-install-recommends ${missing.join(' ')}`);
    return;
  }
  await step(`installing Debian packages: ${missing.join(' ')}`, () => aptInstall(missing));
}

/**
 * @param {string} name
 * @param {string} command
 */
function isPresent(name, command) {
  const file = find(command);
  if (file === undefined) return false;
  // The tests copy busybox into an empty image: one that needs a dynamic loader is of no use there.
  return name !== 'busybox-static' || isStatic(file);
}

/** @param {string} file */
function isStatic(file) {
  const head = Buffer.alloc(4096);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, head, 0, head.length, 0);
  closeSync(descriptor);
  return !head.includes('/ld-linux') && !head.includes('/ld-musl');
}

/**
 * @param {string} command
 * @returns {string | undefined}
 */
function find(command) {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/sbin'];
  return folders
    .map((folder) => path.join(folder, command))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** @param {string[]} names */
async function aptInstall(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const args = ['install', '--yes', '--no-install-recommends', ...names];
  if (hasPackageLists() && (await runQuietly('apt-get', args, env)).code === 0) return;
  // No lists yet, or lists so old that their files are gone.
  const update = await runQuietly('apt-get', ['update'], env);
  const result = update.code === 0 ? await runQuietly('apt-get', args, env) : update;
  if (result.code !== 0) {
    throw new SetupError(
      `apt-get failed with exit code ${result.code}\n${result.output.trim()}`,
      `connect to a Debian mirror, or install by hand: ${names.join(' ')}`,
    );
  }
}

function hasPackageLists() {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => name.endsWith('_Packages'));
  } catch {
    return false;
  }
}
