/**
 * One YAML file, then the environment, then options of the command line, each over the one before;
 * checked as a whole. Nothing but the file is read, and nothing is thrown for bad configuration:
 * every problem is reported at once.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { crossCheck } from './cross-checks.ts';
import { configFileVariable, readEnvironment } from './environment.ts';
import type { Assignment } from './environment.ts';
import { deepFreeze } from './deep-freeze.ts';
import { formatPath, problemsOfIssues, show, valueAt } from './problem.ts';
import type { ConfigProblem, Locate } from './problem.ts';
import type { Path } from './schema-walk.ts';
import { configSchema } from './schema.ts';
import type { Config } from './schema.ts';
import { readYamlFile } from './yaml-file.ts';
import type { YamlFile } from './yaml-file.ts';

export interface LoadConfigOptions {
  /** From `--config`; goes before PLIMSOLL_CONFIG. */
  file?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** Relative paths start here. */
  cwd: string;
  /** Options of the command line such as `--port`. */
  overrides?: readonly Assignment[] | undefined;
}

export type LoadConfigResult =
  { ok: true; config: Config; file: string | null } | { ok: false; problems: ConfigProblem[] };

const defaultFile = 'plimsoll.yaml';

export function loadConfig(options: LoadConfigOptions): LoadConfigResult {
  const problems: ConfigProblem[] = [];
  const path = findFile(options);
  const yaml = path === null ? null : readYamlFile(path);
  if (yaml !== null && !yaml.ok) problems.push(...yaml.problems);
  const file = yaml?.ok === true ? yaml.file : null;

  const environment = readEnvironment(options.env);
  problems.push(...environment.problems);
  const assignments = [...environment.assignments, ...(options.overrides ?? [])];

  const fromFile = file?.value ?? {};
  if (!isMapping(fromFile)) {
    const message = `expected a mapping of sections, got ${show(fromFile)}; see "plimsoll config print"`;
    problems.push({ path: '', message, source: file?.locate([]) ?? '' });
    return { ok: false, problems };
  }
  const given = structuredClone(fromFile);
  for (const assignment of assignments) assign(given, assignment);

  problems.push(...findProblems(given, makeLocate(file, assignments)));
  if (problems.length > 0) return { ok: false, problems };
  const config = configSchema.parse(given);
  config.data_dir = resolve(options.cwd, config.data_dir);
  return { ok: true, config: deepFreeze(config), file: path };
}

function findFile({ file, env, cwd }: LoadConfigOptions): string | null {
  const named = file ?? env[configFileVariable];
  if (named !== undefined && named !== '') return resolve(cwd, named);
  const usual = resolve(cwd, defaultFile);
  return existsSync(usual) ? usual : null;
}

/** Fields first, then what lies between them, so that one run reports everything. */
function findProblems(given: Readonly<Record<string, unknown>>, locate: Locate): ConfigProblem[] {
  const whole = configSchema.safeParse(given);
  const issues = whole.success ? [] : whole.error.issues;
  const problems = problemsOfIssues(issues, given, locate);
  const broken = new Set(problems.map((problem) => problem.path));
  const isBroken = (path: Path): boolean => {
    const text = formatPath(path);
    return [...broken].some(
      (other) => other === text || isBelow(other, text) || isBelow(text, other),
    );
  };
  const config = whole.success ? deepFreeze(whole.data) : soundPart(given);
  crossCheck({ config, given, isBroken }, (path, message) => {
    const source = valueAt(given, path) === undefined ? '' : locate(path);
    problems.push({ path: formatPath(path), message, source });
  });
  return problems;
}

function isBelow(path: string, parent: string): boolean {
  return path.startsWith(`${parent}.`) || path.startsWith(`${parent}[`);
}

/** The configuration with everything that the schema refuses taken out, so that defaults step in. */
function soundPart(given: Readonly<Record<string, unknown>>): Config {
  const kept = structuredClone(given);
  for (;;) {
    const result = configSchema.safeParse(kept);
    if (result.success) return deepFreeze(result.data);
    for (const issue of result.error.issues) {
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys) remove(kept, [...issue.path, key]);
      } else remove(kept, issue.path);
    }
  }
}

/** Removes what stands at a path, or, where nothing does, what it is missing from. */
function remove(root: unknown, path: readonly PropertyKey[]): void {
  const key = path.at(-1);
  if (key === undefined) return;
  const parent = path
    .slice(0, -1)
    .reduce<unknown>(
      (value, step) => (isObject(value) ? Reflect.get(value, step) : undefined),
      root,
    );
  if (isObject(parent) && Object.hasOwn(parent, key)) Reflect.deleteProperty(parent, key);
  else remove(root, path.slice(0, -1));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Later assignments win, as their values do. */
function makeLocate(file: YamlFile | null, assignments: readonly Assignment[]): Locate {
  return (path) => {
    const source = assignments.findLast((assignment) =>
      assignment.path.every((segment, index) => segment === path[index]),
    )?.source;
    return source ?? file?.locate(path) ?? '';
  };
}

/** Sets a value below mappings; where the file has something else there, the schema reports that. */
function assign(root: Record<string, unknown>, { path, value }: Assignment): void {
  let current = root;
  for (const segment of path.slice(0, -1)) {
    const key = String(segment);
    if (!Object.hasOwn(current, key)) current[key] = {};
    const next = current[key];
    if (!isMapping(next)) return;
    current = next;
  }
  current[String(path.at(-1))] = value;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
