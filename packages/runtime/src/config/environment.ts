/**
 * Configuration from the environment. Every path of the schema has a variable by rule:
 * `collector.logs.start_at` is `PLIMSOLL_COLLECTOR__LOGS__START_AT`. Four have short names that
 * scripts rely on. A variable that is set and empty counts as not set.
 */
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { nearest } from './nearest.ts';
import type { ConfigProblem } from './problem.ts';
import { describeField, listFields, shapeOf } from './schema-walk.ts';
import type { Field, Path } from './schema-walk.ts';
import { configSchema } from './schema.ts';

const prefix = 'PLIMSOLL_';

/** Left to the repository's own tests. */
const testPrefix = 'PLIMSOLL_TEST_';

/** Names the file itself, so it has no path. */
export const configFileVariable = 'PLIMSOLL_CONFIG';

const shortNames: Readonly<Record<string, readonly string[]>> = {
  PLIMSOLL_HTTP_PORT: ['http', 'port'],
  PLIMSOLL_CLICKHOUSE_HTTP_PORT: ['clickhouse_http', 'port'],
};

export interface Assignment {
  path: Path;
  value: unknown;
  /** The variable or option that gave it. */
  source: string;
}

export interface EnvironmentReading {
  assignments: Assignment[];
  problems: ConfigProblem[];
}

/** What `PLIMSOLL_*` variables say, typed by the schema; the schema checks the values later. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): EnvironmentReading {
  const reading: EnvironmentReading = { assignments: [], problems: [] };
  const givenBy = new Map<string, string>();
  for (const [name, text] of Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (!name.startsWith(prefix) || name === configFileVariable) continue;
    if (name.startsWith(testPrefix)) continue;
    if (text === undefined || text === '') continue;
    const found = resolveVariable(name);
    if (found === null) {
      reading.problems.push({ path: name, message: unknownVariable(name), source: '' });
      continue;
    }
    const key = found.path.join('.');
    const other = givenBy.get(key);
    if (other !== undefined) {
      const message = `expected one variable for ${key}, got ${other} too; unset one of them`;
      reading.problems.push({ path: name, message, source: '' });
      continue;
    }
    givenBy.set(key, name);
    const value = typedValue(text, found.field);
    reading.assignments.push({ path: found.path, value, source: name });
  }
  return reading;
}

/** The variable that sets a path. */
export function variableName(path: readonly string[]): string {
  return prefix + path.map((segment) => segment.toUpperCase()).join('__');
}

function resolveVariable(name: string): { path: readonly string[]; field: Field } | null {
  const path = shortNames[name] ?? name.slice(prefix.length).toLowerCase().split('__');
  let field = describeField(configSchema);
  for (const segment of path) {
    const child = namedChild(field, segment);
    if (child === null) return null;
    field = describeField(child);
  }
  return field.schema instanceof z.ZodObject ? null : { path, field };
}

function namedChild({ schema }: Field, segment: string): z.core.$ZodType | null {
  if (schema instanceof z.ZodRecord) return segment === '' ? null : schema.def.valueType;
  if (!(schema instanceof z.ZodObject)) return null;
  const shape = shapeOf(schema);
  return Object.hasOwn(shape, segment) ? (shape[segment] ?? null) : null;
}

function unknownVariable(name: string): string {
  const known = [
    configFileVariable,
    ...Object.keys(shortNames),
    ...listFields().map(({ path }) => variableName(path)),
  ];
  const hint = nearest(name, known);
  const advice = hint === null ? 'unset it' : `did you mean ${hint}?`;
  return `expected a variable that sets a configuration field, got an unknown one; ${advice}`;
}

/** Text as the kind that the schema wants; text that does not fit stays, for the schema to refuse. */
function typedValue(text: string, field: Field): unknown {
  const { schema } = field;
  if (schema instanceof z.ZodNumber) return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (schema instanceof z.ZodBoolean)
    return text === 'true' ? true : text === 'false' ? false : text;
  if (schema instanceof z.ZodArray || schema instanceof z.ZodRecord) return structuredValue(text);
  return text;
}

/** `[a, b]` and `{…}` are YAML in one line; anything else is a list split at commas. */
function structuredValue(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text.split(',').map((part) => part.trim());
  try {
    return parseYaml(text, { maxAliasCount: 0 });
  } catch {
    return text;
  }
}
