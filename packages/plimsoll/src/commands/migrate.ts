import { PlimsollError } from '@plimsoll/runtime';
import { configOption, dataDirOption, stringOption } from '@plimsoll/cli';
import type { Command, CommandInput } from '@plimsoll/cli';
import { loadConfiguration } from '../load-configuration.ts';

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'Create or update the tables and their retention, then end.',
  description: [
    'Applies the migrations that the database has not had yet, one statement at a time, and sets the retention of the configuration. Every role does the same when it starts; run it alone to see what happens, or before several processes start on one server. It may be interrupted and run again: it goes on where it stopped.',
    'With --print nothing is opened: the statements are printed, for a single server or, with storage.cluster.name or --cluster, for a cluster: replicated tables, tables that distribute queries, on all servers.',
    'With the embedded engine no other process may use the data folder meanwhile.',
  ],
  options: {
    ...configOption,
    ...dataDirOption,
    print: { type: 'boolean', help: 'Print the statements instead of running them.' },
    cluster: {
      type: 'string',
      value: '<name>',
      help: 'With --print: for this cluster of the servers’ remote_servers.',
    },
  },
  examples: [
    { line: 'plimsoll migrate', what: 'Prepare the data folder.' },
    { line: 'plimsoll migrate -c plimsoll.yaml', what: 'Prepare the server that the file names.' },
    {
      line: 'plimsoll migrate --print --cluster fleet',
      what: 'Read what a cluster would be told.',
    },
  ],
  run: async ({ values, terminal }: CommandInput) => {
    const { config } = loadConfiguration(values, terminal);
    const cluster = stringOption(values, 'cluster');
    if (values['print'] === true) {
      const { printMigrations } = await import('../compose/print-migrations.ts');
      return printMigrations(config, cluster, terminal);
    }
    if (cluster !== undefined) {
      throw new PlimsollError(
        'usage_invalid',
        'expected --cluster with --print, got it alone; set storage.cluster.name instead',
      );
    }
    const { runMigrations } = await import('../compose/run-migrations.ts');
    return runMigrations(config, terminal);
  },
};
