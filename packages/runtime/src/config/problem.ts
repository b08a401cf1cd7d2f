import { z } from 'zod';
import { nearest } from './nearest.ts';
import { expectedWords, fieldAt, keysAt } from './schema-walk.ts';
import type { Path } from './schema-walk.ts';

export interface ConfigProblem {
  /** `collector.logs.flush_interval`; empty for the file as a whole. */
  path: string;
  /** What was expected, what came, what to do. Never a secret. */
  message: string;
  /** `plimsoll.yaml:7`, `PLIMSOLL_HTTP_PORT`, `--port`, or empty where nothing was given. */
  source: string;
}

/** Where the value at a path came from. */
export type Locate = (path: Path) => string;

/** One line for people: `plimsoll.yaml:7: http.port: expected …`. */
export function formatProblem(problem: ConfigProblem): string {
  return [problem.source, problem.path, problem.message].filter((part) => part !== '').join(': ');
}

export function formatPath(path: Path): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else text += text === '' ? segment : `.${segment}`;
  }
  return text;
}

/** The schema's own issues as problems with messages of ours, one per wrong field or key. */
export function problemsOfIssues(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  locate: Locate,
): ConfigProblem[] {
  return issues.flatMap((issue): ConfigProblem[] => {
    const path = issue.path.map((segment) => (typeof segment === 'symbol' ? '' : segment));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: formatPath([...path, key]),
        message: unknownKeyMessage(key, keysAt(path) ?? []),
        source: locate([...path, key]),
      }));
    }
    const value = valueAt(input, path);
    return [
      { path: formatPath(path), message: wrongValueMessage(path, value), source: locate(path) },
    ];
  });
}

function unknownKeyMessage(key: string, known: readonly string[]): string {
  const hint = nearest(key, known);
  if (hint !== null) return `expected a known key, got "${key}"; did you mean "${hint}"?`;
  return `expected one of ${known.join(', ')}, got "${key}"; remove it`;
}

function wrongValueMessage(path: Path, value: unknown): string {
  const field = fieldAt(path);
  const words = field === null ? 'another value' : expectedWords(field);
  if (value === undefined) return `expected ${words}, got nothing; add it`;
  if (value === null) return `expected ${words}, got nothing; give a value or remove the key`;
  if (field?.isSecret === true) {
    return `expected ${words}, got ${typeof value === 'string' ? `${value.length} characters` : kindOf(value)}`;
  }
  // What was meant as an address may hold a password.
  if (field?.schema instanceof z.ZodURL && typeof value === 'string') {
    return `expected ${words}, got ${value.length} characters that are none`;
  }
  return `expected ${words}, got ${show(value)}`;
}

/** A value as it stands in a message: short, on one line. */
export function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? `a list of ${value.length}` : 'a mapping';
  }
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`;
}

export function valueAt(root: unknown, path: Path): unknown {
  let current = root;
  for (const segment of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Object.hasOwn(current, segment) ? Reflect.get(current, segment) : undefined;
  }
  return current;
}
