import { renderConfig } from '@plimsoll/runtime';
import type { Command, OptionValues } from './command.ts';
import { configOption, dataDirOption, portOption } from './common-options.ts';
import type { LoadedConfiguration } from './load-configuration.ts';
import type { Terminal } from './terminal.ts';

/** Loads as every command of the program does. */
type Load = (values: OptionValues, terminal: Terminal) => LoadedConfiguration;

/** `config check` and `config print`, for any program that reads the configuration. */
export function configCommands(program: string, load: Load): Command[] {
  return [checkCommand(program, load), printCommand(program, load)];
}

const checkCommand = (program: string, load: Load): Command => ({
  name: 'config check',
  summary: 'Check the configuration and report every problem at once.',
  description: [
    'Reads the configuration file and the environment as every role does, and reports all problems with line, path and what to do. Nothing is opened or started. Every field is described in docs/specs/configuration.md.',
  ],
  options: { ...configOption, ...dataDirOption, ...portOption },
  examples: [
    { line: `${program} config check`, what: 'Check plimsoll.yaml here, and the environment.' },
    {
      line: `${program} config check -c /etc/plimsoll.yaml`,
      what: 'Check a file before a restart.',
    },
  ],
  run: async (input) => {
    const { file } = load(input.values, input.terminal);
    const subject = file === null ? 'no file; the environment and defaults' : file;
    input.terminal.stdout.write(`The configuration is valid (${subject}).\n`);
    return 0;
  },
});

const printCommand = (program: string, load: Load): Command => ({
  name: 'config print',
  summary: 'Print the whole configuration in force, without secrets.',
  description: [
    'Prints every field with its value from the file, the environment or the default, as YAML that could stand in the file. Secrets, and what may hold one in a URL, are replaced by "(secret)".',
  ],
  options: { ...configOption, ...dataDirOption, ...portOption },
  examples: [
    { line: `${program} config print`, what: 'See all fields and their values.' },
    { line: `${program} config print > plimsoll.yaml`, what: 'Begin a file with the defaults.' },
  ],
  run: async (input) => {
    const { config, file } = load(input.values, input.terminal);
    const origin = file === null ? 'no file' : file;
    input.terminal.stdout.write(`# From ${origin}, the environment and defaults.\n`);
    input.terminal.stdout.write(renderConfig(config));
    return 0;
  },
});
