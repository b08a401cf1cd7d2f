import { configOption, dataDirOption, portOption } from '@plimsoll/cli';
import type { Command } from '@plimsoll/cli';
import { loadConfiguration } from '../load-configuration.ts';

const defaultFolder = './data-demo';

/** Leaks of the demo have a day of history behind them: nobody should have to wait for their alerts. */
const impatient = { for: 0 };

export const demoCommand: Command = {
  name: 'demo',
  summary: 'Look at a simulated fleet: 3 hosts, 120 containers, a day of history.',
  description: [
    'Needs neither Docker nor root. Simulated hosts write the files that Docker and the kernel would, real collectors read them; a day of history is made first, which takes half a minute. Some of the containers have a story: one version of checkout leaks memory, payments leaks descriptors, search is throttled, etl-nightly is killed for want of memory over and over, a gateway floods its log, mailer is unhealthy, a redis is near its limit.',
    `Everything is kept below ${defaultFolder}, which is emptied at each start. Rules, ports and the like are those of the configuration.`,
  ],
  options: { ...configOption, ...dataDirOption, ...portOption },
  examples: [
    { line: 'plimsoll demo', what: 'The page is at http://127.0.0.1:4270.' },
    { line: 'plimsoll demo --port 8080 --data-dir /tmp/demo', what: 'Another port and folder.' },
  ],
  run: async ({ values, terminal }) => {
    const isGiven =
      values['data-dir'] !== undefined || terminal.env['PLIMSOLL_DATA_DIR'] !== undefined;
    const given = isGiven ? values : { ...values, 'data-dir': defaultFolder };
    const { config } = loadConfiguration(given, terminal);
    const rules = {
      memory_leak: impatient,
      file_descriptor_leak: impatient,
      ...config.alerting.rules,
    };
    const { runRole } = await import('../compose/run-role.ts');
    return runRole({
      role: 'demo',
      config: { ...config, alerting: { ...config.alerting, rules } },
      terminal,
    });
  },
};
