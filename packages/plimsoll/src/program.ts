import { configCommands } from '@plimsoll/cli';
import type { Program } from '@plimsoll/cli';
import { toCodedError } from './coded-error.ts';
import { collectorCommand } from './commands/collector.ts';
import { deadLetterCommands } from './commands/dead-letter.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { migrateCommand } from './commands/migrate.ts';
import {
  alertingCommand,
  allCommand,
  ingestCommand,
  queryCommand,
  storageCommand,
} from './commands/roles.ts';
import { sqlCommand } from './commands/sql.ts';
import { loadConfiguration } from './load-configuration.ts';
import { version } from './version.ts';

export const program: Program = {
  name: 'plimsoll',
  summary: 'Plimsoll watches containers: logs, memory, CPU, leaks and limits, from one command.',
  version,
  commands: [
    allCommand,
    demoCommand,
    collectorCommand,
    ingestCommand,
    queryCommand,
    alertingCommand,
    storageCommand,
    migrateCommand,
    doctorCommand,
    ...configCommands('plimsoll', loadConfiguration),
    sqlCommand,
    ...deadLetterCommands,
  ],
  examples: [
    { line: 'plimsoll all', what: 'Watch this host; the page is at http://127.0.0.1:4270.' },
    { line: 'plimsoll all --help', what: 'Read what that does and how to change it.' },
    { line: "plimsoll sql 'SELECT count() FROM logs'", what: 'Ask the running process.' },
  ],
  translateError: toCodedError,
};
