// package-lock.json on disk.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { fillHoles, findHoles, type LockEntries } from './holes.ts';

interface Lock {
  packages: LockEntries;
  [field: string]: unknown;
}

const fileName = 'package-lock.json';

/** What is wrong with the committed lock, one sentence each. */
export function checkLock(root: string): string[] {
  const { packages } = readLock(root);
  const problems = findHoles(packages).map(
    ({ name }) => `${fileName}: no entry for ${name}, so \`npm ci\` refuses it: \`npm run lock\``,
  );
  for (const [place, { resolved }] of Object.entries(packages)) {
    if (typeof resolved === 'string' && resolved.includes('://')) {
      problems.push(`${fileName}: ${place} names a download address: \`npm run lock\``);
    }
  }
  return problems;
}

/** Fills the holes; npm itself leaves download addresses out (`.npmrc`). */
export function completeLock(root: string): void {
  const lock = readLock(root);
  const packages = fillHoles(lock.packages);
  writeFileSync(path.join(root, fileName), `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
}

function readLock(root: string): Lock {
  return JSON.parse(readFileSync(path.join(root, fileName), 'utf8')) as Lock;
}
