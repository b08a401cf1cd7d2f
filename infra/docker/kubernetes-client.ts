/**
 * The part of `@kubernetes/client-node` that the collector uses. The package is 65 MB, most of it one
 * class and one declaration for each object of the API; a watch needs four of its files, and undici.
 */
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const client = '@kubernetes/client-node';
const entry = 'dist/watch.js';

/** Copies from one node_modules folder into another what `import('…/dist/watch.js')` needs. */
export function copyKubernetesClient(from: string, to: string): void {
  const source = join(from, client);
  const files = ['package.json', 'LICENSE', ...importedFiles(source, entry)];
  for (const file of files) {
    if (!existsSync(join(source, file))) continue;
    const copy = join(to, client, file);
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(join(source, file), copy);
  }
  const undici = join(to, 'undici');
  if (!existsSync(undici)) cpSync(join(from, 'undici'), undici, { recursive: true });
}

/** A file and what it imports of its own package, by path from there. */
function importedFiles(folder: string, first: string): string[] {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, specifier = ''] of text.matchAll(/\bfrom\s+['"](\.[^'"]+)['"]/g)) {
      visit(relative(folder, join(folder, dirname(file), specifier)));
    }
  };
  visit(first);
  return [...found];
}
