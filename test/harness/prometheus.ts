/** A real Prometheus, as Debian packages it, with a configuration and a folder of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { eventually } from './eventually.ts';
import { freePort } from './plimsoll-process.ts';

/** Null when it is installed, otherwise what is missing. */
export function prometheusMissing(): string | null {
  const { error, status } = spawnSync('prometheus', ['--version'], { stdio: 'ignore' });
  return error === undefined && status === 0
    ? null
    : 'prometheus is not installed: apt-get install --no-install-recommends prometheus';
}

export interface RawSample {
  labels: Record<string, string>;
  timeMs: number;
  value: number;
}

export interface PrometheusProcess extends AsyncDisposable {
  url: string;
  /** Every sample that it has itself of what the selector names; without stale markers. */
  samples(selector: string): Promise<RawSample[]>;
  /** Everything it has logged. */
  log(): string;
}

export async function startPrometheus(
  folder: string,
  config: object,
  args: readonly string[] = [],
): Promise<PrometheusProcess> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'prometheus.yml');
  const logFile = join(folder, 'prometheus.log');
  writeFileSync(file, stringify(config));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const log = createWriteStream(logFile, { flags: 'a' });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const exited = once(child, 'close');
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
    log.end();
  };
  const process: PrometheusProcess = {
    url,
    samples: async (selector) => rawSamples(url, selector),
    log: () => readFileSync(logFile, 'utf8'),
    [Symbol.asyncDispose]: end,
  };
  try {
    await eventually('Prometheus to be ready', 30_000, async () => {
      if (child.exitCode !== null) throw new Error(`it ended: ${process.log().slice(-2000)}`);
      return (await fetch(`${url}/-/ready`).catch(() => null))?.ok === true;
    });
  } catch (error) {
    await end();
    throw error;
  }
  return process;
}

interface QueryAnswer {
  data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
}

async function rawSamples(url: string, selector: string): Promise<RawSample[]> {
  const query = new URLSearchParams({ query: `${selector}[1h]` });
  const answer = await fetch(`${url}/api/v1/query?${query.toString()}`);
  if (!answer.ok) throw new Error(`query: expected 200, got ${answer.status}`);
  const { data } = (await answer.json()) as QueryAnswer;
  return data.result.flatMap(({ metric, values }) =>
    values.map(([seconds, value]) => ({
      labels: metric,
      timeMs: Math.round(seconds * 1000),
      value: numberOf(value),
    })),
  );
}

function numberOf(text: string): number {
  if (text === '+Inf') return Infinity;
  return text === '-Inf' ? -Infinity : Number(text);
}
