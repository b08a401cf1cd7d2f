/** A Dockerfile as far as tests look at it: stages, what they copy, and what the last one says. */
import { readFileSync } from 'node:fs';

export interface Dockerfile {
  stages: { name: string; from: string; copies: { from: string | null; sources: string[] }[] }[];
  /** Of the last stage. */
  env: Record<string, string>;
  user: string;
  entrypoint: string[];
  healthcheck: string;
}

export function readDockerfile(file: string): Dockerfile {
  const read: Dockerfile = { stages: [], env: {}, user: '', entrypoint: [], healthcheck: '' };
  for (const { keyword, rest } of instructions(readFileSync(file, 'utf8'))) {
    if (keyword === 'FROM') {
      const [from = '', , name = ''] = rest.split(/\s+/);
      read.stages.push({ name, from, copies: [] });
      read.env = {};
    }
    if (keyword === 'COPY') {
      const words = rest.split(/\s+/);
      const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
      const paths = words.filter((word) => !word.startsWith('--'));
      read.stages.at(-1)?.copies.push({ from: from ?? null, sources: paths.slice(0, -1) });
    }
    if (keyword === 'ENV') {
      for (const [, name = '', value = ''] of rest.matchAll(/(\w+)=(\S+)/g)) read.env[name] = value;
    }
    if (keyword === 'USER') read.user = rest;
    if (keyword === 'ENTRYPOINT') read.entrypoint = JSON.parse(rest) as string[];
    if (keyword === 'HEALTHCHECK') read.healthcheck = rest;
  }
  return read;
}

function instructions(text: string): { keyword: string; rest: string }[] {
  return text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => /^([A-Z]+)\s+(.*)$/.exec(line.trim()))
    .filter((match) => match !== null)
    .map(([, keyword = '', rest = '']) => ({ keyword, rest: rest.replaceAll(/\s+/g, ' ') }));
}
