// Rules over one source file. Pure: everything it judges by is handed in.
import { isBuiltin } from 'node:module';
import path from 'node:path/posix';

import type { Manifest } from './check-manifest.ts';
import { doubleCastFiles, longFiles, maxFileLines, pureBuiltins, workspaces } from './rules.ts';
import type { Import, SourceFile } from './source-file.ts';

/** The workspace that a file lies in. */
export interface Home {
  /** From the repository's root, such as `packages/model`. */
  readonly folder: string;
  readonly manifest: Manifest;
}

export interface Repository {
  readonly homes: readonly Home[];
  /** devDependencies of the root: tools that every test may use. */
  readonly tools: readonly string[];
}

const disableComment = /(?:eslint|oxlint)-disable/;
const typeEscape = /@ts-(?:ignore|nocheck|expect-error)/;

/** Each problem as `path:line: sentence`. */
export function checkFile(file: SourceFile, home: Home, repository: Repository): string[] {
  const problems = [...checkShape(file), ...checkEscapes(file)];
  for (const found of file.imports) {
    const problem = checkReExport(found, file) ?? checkImport(found, { file, home, repository });
    if (problem !== undefined) problems.push(at(file, found.line, problem));
  }
  return problems;
}

function checkShape(file: SourceFile): string[] {
  const problems: string[] = [];
  const name = path.basename(file.path);
  if (!isKebabCase(name)) problems.push(`${file.path}: name the file in kebab-case`);
  if (file.lines > maxFileLines && longFiles[file.path] === undefined) {
    problems.push(`${file.path}: expected at most ${maxFileLines} lines, got ${file.lines}`);
  }
  return problems;
}

export function isKebabCase(name: string): boolean {
  return /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)+$/.test(name);
}

function checkEscapes(file: SourceFile): string[] {
  const isTest = isTestFile(file.path);
  const problems: string[] = [];
  for (const { text, line } of file.comments) {
    if (typeEscape.test(text) && !(isTest && text.includes('@ts-expect-error'))) {
      problems.push(at(file, line, 'do not silence the type checker'));
    }
    if (disableComment.test(text) && !/ -- \S/.test(text)) {
      problems.push(at(file, line, 'say why a lint rule is switched off: `-- reason`'));
    }
  }
  if (!isTest && doubleCastFiles[file.path] === undefined) {
    for (const line of file.doubleCasts) {
      problems.push(at(file, line, '`as unknown as` hides a mistake: validate instead'));
    }
  }
  return problems;
}

function checkReExport(found: Import, file: SourceFile): string | undefined {
  if (found.star) return 'no `export *`: name what is exported';
  if (found.reExport && path.basename(file.path) !== 'index.ts') {
    return 'only index.ts passes on what another file exports';
  }
  return undefined;
}

interface Place {
  readonly file: SourceFile;
  readonly home: Home;
  readonly repository: Repository;
}

function checkImport(found: Import, place: Place): string | undefined {
  const { specifier } = found;
  if (specifier.startsWith('.')) return checkRelative(specifier, place);
  if (specifier.startsWith('virtual:')) return undefined;
  if (isBuiltin(specifier)) return checkBuiltin(specifier, place);
  const name = packageOf(specifier);
  return name in workspaces ? checkWorkspace(found, place) : checkExternal(found, place);
}

function checkRelative(specifier: string, { file, home }: Place): string | undefined {
  const target = path.join(path.dirname(file.path), specifier);
  return target.startsWith(`${home.folder}/`)
    ? undefined
    : `${specifier} leaves ${home.folder}: import the other package by its name`;
}

function checkBuiltin(specifier: string, { file, home }: Place): string | undefined {
  const rule = workspaces[home.manifest.name];
  if (!isSource(file, home)) return undefined;
  if (rule?.browser) return `${specifier}: the page runs in a browser`;
  if (rule?.pure && !pureBuiltins.includes(specifier)) {
    return `${specifier}: ${home.manifest.name} does no I/O`;
  }
  return undefined;
}

function checkWorkspace(found: Import, place: Place): string | undefined {
  const { file, home, repository } = place;
  const { specifier } = found;
  const name = packageOf(specifier);
  const own = home.manifest;
  const target = name === own.name ? own : manifestOf(name, repository);
  if (target !== undefined && !target.exports.includes(`.${specifier.slice(name.length)}`)) {
    return `${specifier} is not among the exports of ${name}`;
  }
  if (name === own.name) return undefined;
  const rule = workspaces[own.name];
  if (!rule?.mayUse.includes(name)) return `${own.name} must not import ${name}`;
  if (!own.dependencies.includes(name)) return `${name} is not in the package.json of ${own.name}`;
  if (rule.browser && isSource(file, home) && !found.typeOnly) {
    return `${name}: the page imports only types (\`import type\`)`;
  }
  return undefined;
}

function checkExternal(found: Import, place: Place): string | undefined {
  const { file, home, repository } = place;
  const name = packageOf(found.specifier);
  const { dependencies, devDependencies } = home.manifest;
  if (dependencies.includes(name)) return undefined;
  if (!isSource(file, home)) {
    return devDependencies.includes(name) || repository.tools.includes(name)
      ? undefined
      : `${name} is in neither the package.json of ${home.manifest.name} nor the root's`;
  }
  return found.typeOnly && devDependencies.includes(name)
    ? undefined
    : `${name} is not in the dependencies of ${home.manifest.name}`;
}

function manifestOf(name: string, { homes }: Repository): Manifest | undefined {
  return homes.find((home) => home.manifest.name === name)?.manifest;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** What ships: everything in a package's `src`. */
function isSource(file: SourceFile, home: Home): boolean {
  return file.path.startsWith(`${home.folder}/src/`);
}

function isTestFile(file: string): boolean {
  return /(?:^|\/)test\//.test(file);
}

function at(file: SourceFile, line: number, problem: string): string {
  return `${file.path}:${line}: ${problem}`;
}
