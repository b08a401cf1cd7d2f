// node scripts/check-structure.ts: package edges, imports, file names and sizes, the lock file.
import path from 'node:path';
import process from 'node:process';

import { checkLock } from './lock/lock-file.ts';
import { checkRepository } from './structure/check-repository.ts';

const root = path.resolve(import.meta.dirname, '..');
const problems = [...checkRepository(root), ...checkLock(root)];
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(`structure: ${problems.length} problems (the rules: scripts/structure/rules.ts)`);
  process.exitCode = 1;
}
