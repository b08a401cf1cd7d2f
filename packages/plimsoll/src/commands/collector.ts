import { collectorCommand as makeCollectorCommand } from '@plimsoll/agent/commands';
import { loadConfiguration as load } from '../load-configuration.ts';
import { version } from '../version.ts';
import { checkRole } from './check-role.ts';
import { needsServer, serverEnvironment } from './role-texts.ts';

export const collectorCommand = makeCollectorCommand({
  line: 'plimsoll collector',
  name: 'collector',
  summary: 'Collect this host into Kafka or a ClickHouse server.',
  description: [
    'With transport.mode: kafka it is the program plimsoll-collector: what it reads goes to Kafka, and nothing of an engine is needed. With transport.mode: direct it reads the same and stores it itself, through a journal in the data folder, in a ClickHouse server: so it also runs ingest. Its port serves /healthz, /readyz and /metrics.',
    `Direct: ${needsServer}`,
  ],
  environment: [
    { name: 'PLIMSOLL_TRANSPORT__MODE', help: 'kafka or direct.' },
    ...serverEnvironment,
  ],
  load,
  collect: async (config, input, isOnce) => {
    if (config.transport.mode === 'kafka') {
      const { runAgent } = await import('@plimsoll/agent');
      return runAgent({ config, input, version, isOnce, load });
    }
    checkRole('collector', config);
    const { terminal, values } = input;
    const { runOnce, runRole } = await import('../compose/run-role.ts');
    if (isOnce) return runOnce(config, terminal);
    return runRole({
      role: 'collector',
      config,
      terminal,
      load: () => load(values, terminal).config,
    });
  },
});
