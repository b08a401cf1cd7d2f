import { loadConfiguration } from '@plimsoll/cli';
import type { LoadedConfiguration, OptionValues, Terminal } from '@plimsoll/cli';
import { checkCollectorConfig } from '@plimsoll/collector/configuration';

/** How a program reads its configuration; another may check more. */
export type Load = (values: OptionValues, terminal: Terminal) => LoadedConfiguration;

/** As every program does, and with the patterns of log rules, which the schema cannot compile. */
export const loadAgentConfiguration: Load = (values, terminal) =>
  loadConfiguration(values, terminal, (config) => checkCollectorConfig(config.collector));
