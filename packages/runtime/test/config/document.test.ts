/** docs/specs/configuration.md is written by hand; this holds it to the schema. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fieldAt, keysAt, listFields } from '../../src/config/schema-walk.ts';
import { configSchema, expectedWords, formatQuantity } from '../../src/index.ts';

interface Row {
  path: string;
  takes: string;
  default: string;
}

const file = join(import.meta.dirname, '../../../../docs/specs/configuration.md');

const webhook = { name: 'x', url: 'http://x/' };
const examples = ['containers.include', 'containers.exclude', 'logs.rules'].map(
  (name) => `collector.${name}`,
);
const defaults: unknown = configSchema.parse({
  collector: {
    containers: { include: [{}], exclude: [{}] },
    logs: { rules: [{ multiline: { start: 'x' }, redact: [{ pattern: 'x' }] }] },
  },
  receivers: { tokens: [{ name: 'x', token: 'x'.repeat(16) }] },
  alerting: { webhooks: [webhook], rules: { x: {} } },
});

/** `| `path` | takes | `default` | meaning |` */
function documented(): (Row & { meaning: string })[] {
  const line = /^\| `([a-z_.[\]<>]+)` +\| (.+?) +\| (.+?) +\| (.+?) +\|$/gm;
  return [...readFileSync(file, 'utf8').matchAll(line)].map(([, path, takes, value, meaning]) => ({
    path: path ?? '',
    takes: takes ?? '',
    default: (value ?? '').replaceAll('`', ''),
    meaning: meaning ?? '',
  }));
}

function fromSchema(): Row[] {
  const own = listFields().map(({ path }) => row(path, path.join('.')));
  return own.flatMap((field) => [field, ...elementRows(field.path.split('.'), field.path)]);
}

/** Fields of list items and of free keys, which the schema lists only below an example. */
function elementRows(parts: (string | number)[], name: string): Row[] {
  const below = [
    ['x', '.<rule>'],
    [0, '[]'],
  ] as const;
  for (const [key, text] of below) {
    const keys = keysAt([...parts, key]);
    if (keys !== null) return mappingRows([...parts, key], `${name}${text}`);
  }
  return [];
}

function mappingRows(parts: (string | number)[], name: string): Row[] {
  return (keysAt(parts) ?? []).flatMap((key) => {
    const path = [...parts, key];
    const own = `${name}.${key}`;
    const isMapping = keysAt(path) !== null && fieldAt([...path, 'x']) === null;
    return [row(path, own), ...(isMapping ? mappingRows(path, own) : elementRows(path, own))];
  });
}

function row(path: readonly (string | number)[], name: string): Row {
  const field = fieldAt(path);
  if (field === null) throw new Error(`no field at ${name}`);
  const value = path.reduce<unknown>((at, key) => Reflect.get(Object(at), key), defaults);
  return {
    path: name,
    takes: expectedWords(field),
    default: defaultText(name, value, field.quantity),
  };
}

function defaultText(name: string, value: unknown, quantity: 'duration' | 'size' | null): string {
  if (name === 'collector.host') return 'the kernel’s host name';
  if (name === 'alerting.webhooks' || name === 'alerting.rules') return 'none';
  if (name === 'receivers.tokens') return 'none';
  if (name === 'clickhouse_http.users') return 'one user';
  if (/^clickhouse_http\.users\[\]\.(name|access)$/.test(name)) return 'required';
  if (name === 'receivers.tokens[].tenant') return 'tenant';
  if (/^receivers\.tokens\[\]\.(name|token)$/.test(name)) return 'required';
  if (/webhooks\[\]\.(name|url)$|\.pattern$/.test(name)) return 'required';
  if (examples.includes(name)) return 'none';
  if (name.endsWith('.multiline') || name.endsWith('.redact')) return 'none';
  if (name.endsWith('.start')) return 'none';
  if (name.endsWith('[].match')) return 'every container';
  if (value === undefined) return name.startsWith('alerting.rules') ? 'the rule’s own' : 'none';
  if (typeof value === 'number' && quantity !== null) return formatQuantity(value, quantity);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : JSON.stringify(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

test('the document has every field of the schema, its type and its default, in order', () => {
  const rows = documented().map(({ path, takes, default: value }) => ({
    path,
    takes,
    default: value,
  }));
  expect(rows).toEqual(fromSchema());
});

test('every field is explained in a sentence', () => {
  expect(documented().filter(({ meaning }) => !/^[A-Z“`].*\.$/.test(meaning))).toEqual([]);
});
