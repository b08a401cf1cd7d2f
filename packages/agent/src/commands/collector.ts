/** What is the same of the collector's command in every program that has it. */
import { configOption, dataDirOption, portOption } from '@plimsoll/cli';
import type { Command, CommandInput, Option } from '@plimsoll/cli';
import { PlimsollError } from '@plimsoll/runtime';
import type { Config } from '@plimsoll/runtime';
import type { Load } from '../load-configuration.ts';
import { jsonOption } from './json-option.ts';

const modeOptions: Readonly<Record<string, Option>> = {
  once: { type: 'boolean', help: 'Collect what is there now, wait until it is durable, and end.' },
  'dry-run': {
    type: 'boolean',
    help: 'Print what would be collected, from where and how much, and end. Touches nothing.',
  },
  json: { ...jsonOption['json'], type: 'boolean', help: 'With --dry-run: print JSON.' },
};

export interface CollectorCommandOptions {
  /** The program and, where it has others, the command: `plimsoll collector`. */
  line: string;
  name: string;
  summary: string;
  description: readonly string[];
  environment?: NonNullable<Command['environment']>;
  load: Load;
  /** Collects until a signal, or once; resolves with the exit code. */
  collect: (config: Config, input: CommandInput, isOnce: boolean) => Promise<number>;
}

export function collectorCommand(options: CollectorCommandOptions): Command {
  const { line, name, summary, description, environment = [], load, collect } = options;
  return {
    name,
    summary,
    description: [
      ...description,
      'SIGHUP reads the configuration again: a new one that is valid takes effect at once as far as it concerns the collector, one that is not changes nothing. SIGTERM hands over what was read within 5 seconds.',
    ],
    options: { ...modeOptions, ...configOption, ...dataDirOption, ...portOption },
    examples: [
      { line: `${line} -c plimsoll.yaml`, what: 'Collect until it is stopped.' },
      { line: `${line} --dry-run`, what: 'See what that would be.' },
      { line: `${line} --once`, what: 'Collect what is there, as in a job of cron.' },
    ],
    environment,
    run: async (input) => {
      const { values, terminal } = input;
      const [isOnce, isDry] = [values['once'] === true, values['dry-run'] === true];
      if (isOnce && isDry) {
        throw new PlimsollError('usage_invalid', 'expected --once or --dry-run, got both');
      }
      if (values['json'] === true && !isDry) {
        throw new PlimsollError('usage_invalid', 'expected --json with --dry-run, got it alone');
      }
      const { config } = load(values, terminal);
      if (!isDry) return collect(config, input, isOnce);
      const { dryRun } = await import('../dry-run/dry-run.ts');
      return dryRun(config, terminal, { isJson: values['json'] === true });
    },
  };
}
