/** What can be learnt from the configuration's schema without parsing: its paths, and words for each. */
import { z } from 'zod';
import { configSchema } from './schema.ts';

export type Path = readonly (string | number)[];

export interface Field {
  /** Without its default and optionality. */
  schema: z.core.$ZodType;
  isSecret: boolean;
  quantity: 'duration' | 'size' | null;
  /** Words of our own for what is expected, where the schema alone says too little. */
  expected: string | null;
}

/** Takes defaults and optionality off a schema and gathers its marks on the way. */
export function describeField(schema: z.core.$ZodType): Field {
  let current = schema;
  const field: Field = { schema, isSecret: false, quantity: null, expected: null };
  for (;;) {
    const meta: Readonly<Record<string, unknown>> = z.globalRegistry.get(current) ?? {};
    if (meta['secret'] === true) field.isSecret = true;
    const { quantity, expected } = meta;
    if (quantity === 'duration' || quantity === 'size') field.quantity = quantity;
    if (typeof expected === 'string') field.expected = expected;
    if (
      current instanceof z.ZodDefault ||
      current instanceof z.ZodPrefault ||
      current instanceof z.ZodOptional
    ) {
      current = current.def.innerType;
      continue;
    }
    field.schema = current;
    return field;
  }
}

/** The field at a path; null where the schema has none. */
export function fieldAt(path: Path, root: z.core.$ZodType = configSchema): Field | null {
  let field = describeField(root);
  for (const segment of path) {
    const child = childSchema(field.schema, segment);
    if (child === null) return null;
    field = describeField(child);
  }
  return field;
}

function childSchema(schema: z.core.$ZodType, segment: string | number): z.core.$ZodType | null {
  if (schema instanceof z.ZodObject) {
    const shape = shapeOf(schema);
    return Object.hasOwn(shape, segment) ? (shape[segment] ?? null) : null;
  }
  if (schema instanceof z.ZodRecord) return schema.def.valueType;
  if (schema instanceof z.ZodArray && typeof segment === 'number') return schema.def.element;
  return null;
}

/** The fields of a mapping, typed: the class alone says `any`. */
export function shapeOf(schema: z.ZodObject<z.core.$ZodShape>): z.core.$ZodShape {
  return schema.shape;
}

/** Keys that may stand at a path; null where keys are free or there is no mapping. */
export function keysAt(path: Path): readonly string[] | null {
  const field = fieldAt(path);
  return field?.schema instanceof z.ZodObject ? Object.keys(field.schema.shape) : null;
}

/** Every field that is not a mapping of named fields, by path, in the order of the schema. */
export function listFields(
  root: z.core.$ZodType = configSchema,
  prefix: readonly string[] = [],
): { path: readonly string[]; field: Field }[] {
  const field = describeField(root);
  if (!(field.schema instanceof z.ZodObject)) return [{ path: prefix, field }];
  return Object.entries(shapeOf(field.schema)).flatMap(([key, child]) =>
    listFields(child, [...prefix, key]),
  );
}

/** What a field takes, in words that fit behind "expected". */
export function expectedWords(field: Field): string {
  if (field.expected !== null) return field.expected;
  if (field.quantity === 'duration') return 'a duration such as 5s';
  if (field.quantity === 'size') return 'a size such as 64MiB';
  const { schema } = field;
  if (schema instanceof z.ZodNumber) return numberWords(schema);
  if (schema instanceof z.ZodBoolean) return 'true or false';
  if (schema instanceof z.ZodEnum) return `one of ${schema.options.join(', ')}`;
  if (schema instanceof z.ZodURL) return 'a URL such as http://127.0.0.1:8123';
  if (schema instanceof z.ZodArray) return listWords(schema);
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord) return 'a mapping';
  if (schema instanceof z.ZodString) return textWords(schema, field.isSecret);
  return 'another value';
}

function numberWords(schema: z.ZodNumber): string {
  const kind = schema.format === 'safeint' ? 'a whole number' : 'a number';
  const low = schema.minValue ?? Number.NEGATIVE_INFINITY;
  const high = schema.maxValue ?? Number.POSITIVE_INFINITY;
  const hasLow = low > Number.MIN_SAFE_INTEGER;
  const hasHigh = high < Number.MAX_SAFE_INTEGER;
  if (hasLow && hasHigh) return `${kind} from ${low} to ${high}`;
  if (hasLow) return `${kind} of at least ${low}`;
  if (hasHigh) return `${kind} of at most ${high}`;
  return kind;
}

function listWords(schema: z.ZodArray): string {
  const most = schema.def.checks?.map((check) => check._zod.def).find(isMaxLength)?.maximum;
  return most === undefined ? 'a list' : `a list of at most ${most}`;
}

function isMaxLength(def: z.core.$ZodCheckDef): def is z.core.$ZodCheckMaxLengthDef {
  return def.check === 'max_length';
}

function textWords(schema: z.ZodString, isSecret: boolean): string {
  const least = schema.minLength ?? 0;
  if (isSecret) return least > 1 ? `a secret of at least ${least} characters` : 'a secret';
  return least > 0 ? 'text that is not empty' : 'text';
}
