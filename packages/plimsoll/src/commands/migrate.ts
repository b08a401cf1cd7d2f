import { configOption, dataDirOption } from '@plimsoll/cli';
import type { Command, CommandInput } from '@plimsoll/cli';
import { loadConfiguration } from '../load-configuration.ts';

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'Create or update the tables and their retention, then end.',
  description: [
    'Applies the migrations that the database has not had yet, one statement at a time, and sets the retention of the configuration. Every role does the same when it starts; run it alone to see what happens, or before several processes start on one server. It may be interrupted and run again: it goes on where it stopped.',
    'With the embedded engine no other process may use the data folder meanwhile.',
  ],
  options: { ...configOption, ...dataDirOption },
  examples: [
    { line: 'plimsoll migrate', what: 'Prepare the data folder.' },
    { line: 'plimsoll migrate -c plimsoll.yaml', what: 'Prepare the server that the file names.' },
  ],
  run: async ({ values, terminal }: CommandInput) => {
    const { config } = loadConfiguration(values, terminal);
    const { runMigrations } = await import('../compose/run-migrations.ts');
    return runMigrations(config, terminal);
  },
};
