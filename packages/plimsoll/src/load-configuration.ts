import { loadConfiguration as load } from '@plimsoll/cli';
import type { LoadedConfiguration, OptionValues, Terminal } from '@plimsoll/cli';
import { checkCollectorConfig } from '@plimsoll/collector/configuration';
import { checkRuleOverrides } from '@plimsoll/detect';

/**
 * As every program does, and with what the schema does not know: the names of alert rules, and
 * whether the patterns of log rules compile.
 */
export function loadConfiguration(values: OptionValues, terminal: Terminal): LoadedConfiguration {
  return load(values, terminal, ({ alerting, collector }) => [
    ...checkRuleOverrides(alerting.rules),
    ...checkCollectorConfig(collector),
  ]);
}
