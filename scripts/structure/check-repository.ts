// Reads the repository and applies the rules to each manifest and each source file.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { checkFile, type Home, isKebabCase } from './check-file.ts';
import { checkManifest, readManifest } from './check-manifest.ts';
import { readSource } from './source-file.ts';

const ignored = ['**/node_modules/**', '**/dist/**', '**/testdata/**', '**/.turbo/**'];

/** Every problem, sorted; none when the structure holds. */
export function checkRepository(root: string): string[] {
  const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
  const find = (pattern: string): string[] => globSync(pattern, { cwd: root, exclude: ignored });

  const homes = find('{packages/*,test,infra}/package.json').map((file): Home => {
    return { folder: path.dirname(file), manifest: readManifest(read(file)) };
  });
  const rootManifest = readManifest(read('package.json'));
  const repository = { homes, tools: rootManifest.devDependencies };
  const tools: Home = {
    folder: 'scripts',
    manifest: { ...rootManifest, name: 'scripts', exports: [] },
  };

  const problems = homes.flatMap(({ manifest }) => checkManifest(manifest));
  for (const home of [...homes, tools]) {
    for (const file of find(`${home.folder}/**/*.{ts,tsx,mjs}`)) {
      problems.push(...checkFile(readSource(file, read(file)), home, repository));
    }
    for (const file of find(`${home.folder}/**/*.{css,sql}`)) {
      // A migration starts with its number: `0001_tables.sql`.
      const name = path.basename(file).replace(/^\d+_(?=.*\.sql$)/, '');
      if (!isKebabCase(name)) problems.push(`${file}: name the file in kebab-case`);
    }
  }
  return problems.toSorted();
}
