import type { Command } from '../cli/command.ts';
import { configCheckCommand, configPrintCommand } from './config.ts';
import { demoCommand } from './demo.ts';
import { migrateCommand } from './migrate.ts';
import {
  alertingCommand,
  allCommand,
  collectorCommand,
  ingestCommand,
  queryCommand,
} from './roles.ts';
import { sqlCommand } from './sql.ts';

/** In the order in which the help lists them. */
export const commands: readonly Command[] = [
  allCommand,
  demoCommand,
  collectorCommand,
  ingestCommand,
  queryCommand,
  alertingCommand,
  migrateCommand,
  configCheckCommand,
  configPrintCommand,
  sqlCommand,
];
