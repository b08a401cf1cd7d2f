/** A compose file as `docker compose` reads it: variables, merges and the services it extends. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { readService, type ComposeMount, type ComposeService } from './compose-service.ts';

export interface ComposedService extends Omit<ComposeService, 'volumes'> {
  image: string;
  user?: string;
  command?: string[];
  build?: { context: string; dockerfile: string };
  ports?: string[];
  networks?: string[];
  volumes?: (string | ComposeMount)[];
  tmpfs?: string[];
  restart?: string;
  deploy?: { replicas: number };
  healthcheck?: { test?: string[]; disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
}

export interface ComposedFile {
  services: Record<string, ComposedService>;
  networks: Record<string, unknown>;
  volumes: Record<string, unknown>;
  /** Variables that the file takes from its environment, and whether it cannot do without. */
  variables: { name: string; isNeeded: boolean }[];
}

const variable = /\$\{(\w+)(:-|:\?)([^}]*)\}/g;

export function readCompose(file: string, env: Readonly<Record<string, string>>): ComposedFile {
  const text = readFileSync(file, 'utf8');
  const variables = [...text.matchAll(variable)].map(([, name = '', kind]) => ({
    name,
    isNeeded: kind === ':?',
  }));
  const fill = (value: string): string =>
    value.replaceAll(variable, (...[, name = '', kind, other = '']: string[]) => {
      const given = env[name];
      if (given !== undefined && given !== '') return given;
      if (kind === ':-') return other;
      throw new Error(`${file}: expected the variable ${name}, got none (${other})`);
    });
  const parsed = mapTexts(parse(text, { merge: true }), fill) as Omit<ComposedFile, 'variables'> & {
    services: Record<string, ComposedService & { extends?: { file: string; service: string } }>;
  };
  for (const [name, service] of Object.entries(parsed.services)) {
    if (service.extends === undefined) continue;
    const { file: other, service: of } = service.extends;
    const base = readService(join(dirname(file), other), of);
    const environment = { ...base.environment, ...service.environment };
    parsed.services[name] = { ...base, ...service, environment };
  }
  return { ...parsed, variables };
}

/** Variables are filled in when the YAML is read: what they hold is text, whatever it looks like. */
function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapTexts(each, map)]));
}

/** `NAME=value` lines; comments and empty lines are left out. */
export function readEnvFile(file: string): Record<string, string> {
  const lines = readFileSync(file, 'utf8').split('\n');
  const pairs = lines
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  return Object.fromEntries(pairs) as Record<string, string>;
}
