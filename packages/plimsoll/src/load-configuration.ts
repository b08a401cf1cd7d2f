import { loadConfiguration as load } from '@plimsoll/cli';
import type { LoadedConfiguration, OptionValues, Terminal } from '@plimsoll/cli';
import { checkRuleOverrides } from '@plimsoll/detect';

/** As every program does, and with the names of alert rules, which the schema does not know. */
export function loadConfiguration(values: OptionValues, terminal: Terminal): LoadedConfiguration {
  return load(values, terminal, (config) => checkRuleOverrides(config.alerting.rules));
}
