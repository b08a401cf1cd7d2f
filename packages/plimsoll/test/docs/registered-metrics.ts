import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RegisteredMetric {
  name: string;
  kind: 'counter' | 'gauge' | 'histogram';
  labels: string[];
  help: string;
}

const packages = join(import.meta.dirname, '../../..');

/** Every metric that the source registers, by name. */
export function registeredMetrics(): RegisteredMetric[] {
  const found = readdirSync(packages).flatMap((name) => sourcesBelow(join(packages, name, 'src')));
  return found
    .flatMap((file) => metricsIn(readFileSync(file, 'utf8')))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names of metrics anywhere in the source, registered in the usual way or not. */
export function mentionedNames(): string[] {
  const found = readdirSync(packages).flatMap((name) => sourcesBelow(join(packages, name, 'src')));
  const names = found.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/name: '(plimsoll_[a-z0-9_]+)'/g)].map(
      ([, name]) => name ?? '',
    ),
  );
  return [...new Set(names)].toSorted();
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function metricsIn(source: string): RegisteredMetric[] {
  const call =
    /\.(counter|gauge|histogram)(?:<[^>]*>)?\(\{\s*name: '(plimsoll_\w+)',\s*help:\s*'((?:[^'\\]|\\.)*)',\s*(?:labels: \[([^\]]*)\])?/g;
  return [...source.matchAll(call)].map(([, kind, name = '', help = '', labels = '']) => ({
    name,
    kind: kind === 'counter' || kind === 'gauge' ? kind : 'histogram',
    labels: [...labels.matchAll(/'(\w+)'/g)].map(([, label]) => label ?? ''),
    help,
  }));
}
