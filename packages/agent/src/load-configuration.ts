import { loadConfiguration } from '@plimsoll/cli';
import type { LoadedConfiguration, OptionValues, Terminal } from '@plimsoll/cli';

/** How a program reads its configuration; another may check more. */
export type Load = (values: OptionValues, terminal: Terminal) => LoadedConfiguration;

/** The agent knows no more than the schema does. */
export const loadAgentConfiguration: Load = (values, terminal) =>
  loadConfiguration(values, terminal);
