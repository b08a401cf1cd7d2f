import { configOption, dataDirOption } from '@plimsoll/cli';
import type { Command } from '@plimsoll/cli';
import type { Finding } from '@plimsoll/collector';
import type { Config } from '@plimsoll/runtime';
import type { Load } from '../load-configuration.ts';
import { jsonOption } from './json-option.ts';

/** What else a program needs. */
export type MoreFindings = (config: Config) => Promise<Finding[]>;

/** `doctor`, for any program that runs a collector. */
export function doctorCommand(
  program: string,
  load: Load,
  more: MoreFindings = () => Promise.resolve([]),
): Command {
  return {
    name: 'doctor',
    summary: 'Check what the collector needs of this host, and say what to do.',
    description: [
      'One line for each thing: the host’s processes and control groups, Docker, Kubernetes, the kernel log, limits, the data folder, the clock, Kafka or ClickHouse. Each says how it is, what is not collected because of it, and what to do. It changes nothing and needs no rights of its own: run it as the user, and in the container, that the collector runs as.',
    ],
    options: { ...jsonOption, ...configOption, ...dataDirOption },
    examples: [
      { line: `${program} doctor`, what: 'Look at this host as this user.' },
      { line: `${program} doctor --json`, what: 'The same for scripts.' },
    ],
    exitCodes: [
      { code: 0, help: 'The collector can do its work, perhaps without some of it (warn).' },
      { code: 1, help: 'It cannot (fail).' },
      { code: 2, help: 'The command line was not understood.' },
    ],
    run: async ({ values, terminal }) => {
      const { config } = load(values, terminal);
      const { doctor } = await import('../doctor/doctor.ts');
      return doctor(config, terminal, { isJson: values['json'] === true, more });
    },
  };
}
