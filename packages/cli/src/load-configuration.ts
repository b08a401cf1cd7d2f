import { formatProblem, loadConfig, PlimsollError } from '@plimsoll/runtime';
import type { Assignment, Config } from '@plimsoll/runtime';
import { stringOption } from './command.ts';
import type { OptionValues } from './command.ts';
import type { Terminal } from './terminal.ts';

export interface LoadedConfiguration {
  config: Config;
  /** Null when there is no file. */
  file: string | null;
}

/** Finds what the schema cannot know, as sentences that begin with the path. */
export type ConfigurationCheck = (config: Config) => readonly string[];

/** The configuration from file, environment and options. @throws {PlimsollError} `config_invalid` */
export function loadConfiguration(
  values: OptionValues,
  terminal: Terminal,
  check: ConfigurationCheck = () => [],
): LoadedConfiguration {
  const { env, cwd } = terminal;
  const file = stringOption(values, 'config');
  const result = loadConfig({ file, env, cwd, overrides: overridesOf(values) });
  const problems = result.ok ? check(result.config) : result.problems.map(formatProblem);
  if (result.ok && problems.length === 0) return { config: result.config, file: result.file };
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const hint = problems.join('\n  ');
  throw new PlimsollError('config_invalid', `the configuration has ${count}`, { hint });
}

function overridesOf(values: OptionValues): Assignment[] {
  const assignments: Assignment[] = [];
  const dataDir = stringOption(values, 'data-dir');
  if (dataDir !== undefined) {
    assignments.push({ path: ['data_dir'], value: dataDir, source: '--data-dir' });
  }
  const port = stringOption(values, 'port');
  if (port !== undefined) {
    const value = /^\d+$/.test(port) ? Number(port) : port;
    assignments.push({ path: ['http', 'port'], value, source: '--port' });
  }
  return assignments;
}
